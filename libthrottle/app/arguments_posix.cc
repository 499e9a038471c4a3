// As main() got them.
#include "libthrottle/app/arguments.h"

namespace throttle::app {

std::vector<std::string> process_arguments(int argc, char** argv) {
  return argc > 1 ? std::vector<std::string>(argv + 1, argv + argc) : std::vector<std::string>();
}

}  // namespace throttle::app
