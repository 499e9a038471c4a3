// Writes a completion script into a file. A tool of the build, never installed.
//
//   throttle_completions bash|zsh|fish TOOL FILE
//   throttle_completions powershell FILE
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "service/completions/shells.h"

namespace throttle::service::completions {

namespace {

std::string script_of(std::string_view shell, std::string_view name) {
  if (shell == "powershell") return powershell_script(tools(Platform::kWindows));
  for (const Tool& tool : tools(Platform::kUnix)) {
    if (tool.name != name) continue;
    if (shell == "bash") return bash_script(tool);
    if (shell == "zsh") return zsh_script(tool);
    if (shell == "fish") return fish_script(tool);
  }
  return {};
}

int write(std::span<char*> arguments) {
  if (arguments.size() < 3) return 2;
  const std::string text = script_of(arguments[1], arguments[2]);
  std::ofstream file(arguments.back(), std::ios::binary);
  file << text;
  file.close();
  return file && !text.empty() ? 0 : 2;
}

}  // namespace
}  // namespace throttle::service::completions

int main(int argc, char** argv) {
  return throttle::service::completions::write({argv, static_cast<std::size_t>(argc)});
}
