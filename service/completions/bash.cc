// For bash 4.4 and later; needs nothing of the package bash-completion, so that a script of the
// archive can be sourced anywhere.
#include <string_view>

#include "service/completions/shells.h"

namespace throttle::service::completions {

namespace {

constexpr std::string_view kScript =
    R"(# bash completion of @TOOL@, made from the tables of its options.

@FUNCTION@() {
  local takes=' @TAKES@ ' options='@SHARED@' command='' before='' current word glue=''
  local -a words=()

  # bash divides words at = and : too.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ ${#words[@]} -gt 0 && ($glue || $word =~ ^[:=]+$) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    glue=''
    if [[ $word =~ ^[:=]+$ ]]; then glue=1; fi
  done
  current=${words[-1]}
  unset 'words[-1]'

  for word in "${words[@]}"; do
    if [[ $before && $takes == *" $before "* ]]; then
      before=''
      continue
    fi
    before=$word
    if [[ $word != -* && -z $command ]]; then command=$word; fi
  done
  if [[ $current == --*=* ]]; then
    before=${current%%=*}
    current=${current#*=}
  fi

  case $command:$before in
@VALUES@    *) ;;
  esac

  case $command in
@OPTIONS@    *) ;;
  esac
  if [[ -z $command && $current != -* ]]; then options='@FIRST@'; fi
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
}

complete -F @FUNCTION@ @TOOL@
)";

// "*:--journal|*:-j", the patterns of an option's value.
std::string pattern(const std::string& command, const Option& option) {
  std::string text = command + ':' + option.name;
  if (!option.letter.empty()) text += '|' + command + ':' + option.letter;
  return text;
}

std::string value_case(const std::string& command, const Option& option) {
  std::string text = "    " + pattern(command, option) + ")\n";
  if (option.is_file()) {
    text += "      compopt -o default\n";
  } else if (!option.choices.empty()) {
    text += "      mapfile -t COMPREPLY < <(compgen -W " + quoted(choices(option)) +
            " -- \"$current\")\n";
  }
  return text + "      return\n      ;;\n";
}

struct Parts {
  std::string takes;
  std::string values;

  void add(const std::string& command, const std::vector<Option>& options) {
    for (const Option& option : options) {
      if (option.value.empty()) continue;
      takes += (takes.empty() ? "" : " ") + names(option);
      values += value_case(command, option);
    }
  }
};

std::string all_names(const std::vector<Option>& options) {
  std::string text;
  for (const Option& option : options)
    text += (text.empty() ? "" : " ") + names(option);
  return text;
}

std::string option_case(const std::string& command, const std::vector<Option>& options) {
  if (options.empty()) return {};
  return "    " + command + ") options+=" + quoted(' ' + all_names(options)) + " ;;\n";
}

}  // namespace

std::string bash_script(const Tool& tool) {
  Parts parts;
  parts.add("*", tool.shared);
  std::string options = option_case("''", tool.leading);
  std::string commands;
  for (const Command& command : tool.commands) {
    parts.add(command.name, command.options);
    options += option_case(command.name, command.options);
    commands += (commands.empty() ? "" : " ") + command.name;
  }
  std::string text(kScript);
  text = replaced(text, "@TOOL@", tool.name);
  text = replaced(text, "@FUNCTION@", '_' + replaced(tool.name, "-", "_"));
  text = replaced(text, "@TAKES@", parts.takes);
  text = replaced(text, "@SHARED@", all_names(tool.shared));
  text = replaced(text, "@VALUES@", parts.values);
  text = replaced(text, "@OPTIONS@", options);
  return replaced(text, "@FIRST@", commands.empty() ? all_names(tool.shared) : commands);
}

}  // namespace throttle::service::completions
