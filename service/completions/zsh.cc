// A function for a folder of zsh's fpath, in the words of _arguments.
#include <string_view>

#include "service/completions/shells.h"

namespace throttle::service::completions {

namespace {

constexpr std::string_view kHead = R"(#compdef @TOOL@
# zsh completion of @TOOL@, made from the tables of its options.

_@TOOL@() {
  local -a shared=(
@SHARED@  )
)";

constexpr std::string_view kWithoutCommands = R"(  _arguments -s $shared
}
)";

constexpr std::string_view kWithCommands =
    R"(  local curcontext=$curcontext state line ret=1
  local -a leading=(
@LEADING@  )
  local -a own commands=(
@COMMANDS@  )

  _arguments -C -s $leading $shared '1:command:->command' '*::argument:->argument' && ret=0
  case $state in
    command) _describe -t commands command commands && ret=0 ;;
    argument)
      case $words[1] in
@OWN@      esac
      _arguments -s $shared $own '*:argument: ' && ret=0
      ;;
  esac
  return ret
}
)";

constexpr std::string_view kTail = R"(
if [[ $funcstack[1] == _@TOOL@ ]]; then
  _@TOOL@ "$@"
else
  compdef _@TOOL@ @TOOL@
fi
)";

std::string escaped(std::string text, std::string_view special) {
  text = replaced(text, "\\", R"(\\)");
  for (const char c : special)
    text = replaced(text, std::string(1, c), std::string("\\") + c);
  return text;
}

// The value's name and how it is completed.
std::string action(const Option& option) {
  if (option.value.empty()) return {};
  std::string text = ':' + escaped(option.value, ":") + ':';
  if (option.is_file()) return text + "_files";
  if (option.choices.empty()) return text + ' ';
  return text + '(' + choices(option) + ')';
}

// One row for each name of an option.
std::string rows(const Option& option, const std::string& indent) {
  const std::string others = option.repeatable ? "*" : '(' + names(option) + ')';
  const std::string rest = '[' + escaped(option.help, "[]:") + ']' + action(option);
  const bool takes = !option.value.empty();
  std::string text = indent + quoted(others + option.name + (takes ? "=" : "") + rest) + '\n';
  if (!option.letter.empty())
    text += indent + quoted(others + option.letter + (takes ? "+" : "") + rest) + '\n';
  return text;
}

std::string rows(const std::vector<Option>& options, const std::string& indent) {
  std::string text;
  for (const Option& option : options)
    text += rows(option, indent);
  return text;
}

}  // namespace

std::string zsh_script(const Tool& tool) {
  std::string commands;
  std::string own;
  for (const Command& command : tool.commands) {
    commands += "    " + quoted(command.name + ':' + escaped(command.help, ":")) + '\n';
    if (command.options.empty()) continue;
    own += "        " + command.name + ")\n          own=(\n";
    own += rows(command.options, "            ") + "          )\n          ;;\n";
  }
  std::string text(kHead);
  text += tool.commands.empty() ? kWithoutCommands : kWithCommands;
  text += kTail;
  text = replaced(text, "@TOOL@", tool.name);
  text = replaced(text, "@SHARED@", rows(tool.shared, "    "));
  text = replaced(text, "@LEADING@", rows(tool.leading, "    "));
  text = replaced(text, "@COMMANDS@", commands);
  return replaced(text, "@OWN@", own);
}

}  // namespace throttle::service::completions
