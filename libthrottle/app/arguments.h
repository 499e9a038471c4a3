// The arguments of this process; arguments_posix.cc and arguments_win32.cc.
// Threads: the main thread.
#pragma once

#include <string>
#include <vector>

namespace throttle::app {

// In UTF-8, without the name of the program. On Windows they are not those of main(), which are in
// a code page that has not every letter.
std::vector<std::string> process_arguments(int argc, char** argv);

}  // namespace throttle::app
