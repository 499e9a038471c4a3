// One line for each option and each command; a function says which command the line has.
#include <string_view>

#include "service/completions/shells.h"

namespace throttle::service::completions {

namespace {

constexpr std::string_view kHead =
    R"fish(# fish completion of @TOOL@, made from the tables of its options.

function @FUNCTION@_command
    set -l takes @TAKES@
    set -l words (commandline -opc)
    set -l is_value 0
    for word in $words[2..-1]
        if test $is_value = 1
            set is_value 0
        else if contains -- $word $takes
            set is_value 1
        else if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end

function @FUNCTION@_has
    test "$(@FUNCTION@_command)" = "$argv[1]"
end

complete -c @TOOL@ -f
)fish";

std::string fish_quoted(const std::string& text) {
  return quoted(replaced(text, "\\", R"(\\)"), R"(\')");
}

// The lines that begin in the same way.
struct Lines {
  std::string tool;
  std::string function;

  std::string begin(const std::string* command) const {
    std::string text = "complete -c " + tool;
    if (command != nullptr) text += " -n " + fish_quoted(function + "_has '" + *command + '\'');
    return text;
  }

  std::string option(const std::string* command, const Option& option) const {
    std::string text = begin(command) + " -l " + option.name.substr(2);
    if (!option.letter.empty()) text += " -s " + option.letter.substr(1);
    if (option.is_file())
      text += " -r -F";
    else if (!option.value.empty())
      text += " -x";
    if (!option.choices.empty()) text += " -a " + fish_quoted(choices(option));
    return text + " -d " + fish_quoted(option.help) + '\n';
  }
};

void note_values(const std::vector<Option>& options, std::string& takes) {
  for (const Option& option : options)
    if (!option.value.empty()) takes += (takes.empty() ? "" : " ") + names(option);
}

}  // namespace

std::string fish_script(const Tool& tool) {
  const Lines lines{tool.name, "__" + replaced(tool.name, "-", "_")};
  const std::string none;
  std::string takes;
  std::string text;
  note_values(tool.shared, takes);
  for (const Option& option : tool.shared)
    text += lines.option(nullptr, option);
  for (const Option& option : tool.leading)
    text += lines.option(&none, option);
  for (const Command& command : tool.commands) {
    text += lines.begin(&none) + " -a " + command.name + " -d " + fish_quoted(command.help) + '\n';
    note_values(command.options, takes);
    for (const Option& option : command.options)
      text += lines.option(&command.name, option);
  }
  std::string head(kHead);
  head = replaced(head, "@TOOL@", tool.name);
  head = replaced(head, "@FUNCTION@", lines.function);
  return replaced(head, "@TAKES@", takes) + text;
}

}  // namespace throttle::service::completions
