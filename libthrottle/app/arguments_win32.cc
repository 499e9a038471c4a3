// From the command line of the process, which is UTF-16.
#include <memory>
#include <windows.h>

#include "libthrottle/app/arguments.h"
// After windows.h.
#include <shellapi.h>

#include "libthrottle/uv/wide_text_win32.h"

namespace throttle::app {

std::vector<std::string> process_arguments(int /*argc*/, char** /*argv*/) {
  const auto free = [](wchar_t** texts) { LocalFree(texts); };
  int count = 0;
  const std::unique_ptr<wchar_t*, decltype(free)> texts(
      CommandLineToArgvW(GetCommandLineW(), &count), free);
  std::vector<std::string> arguments;
  for (int i = 1; texts && i < count; ++i)
    arguments.push_back(uv::narrow(texts.get()[i]));
  return arguments;
}

}  // namespace throttle::app
