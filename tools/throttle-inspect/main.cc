// throttle-inspect: asks a running server and its audit journal; everything it does is inspect's.
#include "libthrottle/app/arguments.h"
#include "libthrottle/app/version.h"
#include "libthrottle/inspect/run.h"

int main(int argc, char** argv) {
  namespace app = throttle::app;
  return throttle::inspect::run_main(app::process_arguments(argc, argv), app::kVersion);
}
