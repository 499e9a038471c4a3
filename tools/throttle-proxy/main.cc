// throttle-proxy: everything it does is app's.
#include "libthrottle/app/arguments.h"
#include "libthrottle/app/tool.h"

int main(int argc, char** argv) {
  namespace app = throttle::app;
  return app::run_tool(app::kProxyTool, app::process_arguments(argc, argv));
}
