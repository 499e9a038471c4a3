// The tools write their tables in three forms; each is brought into the one of this folder.
#include "service/completions/tables.h"

#include <string_view>
#include <utility>

#include "libthrottle/config/proxy_command.h"
#include "libthrottle/config/server_command.h"
#include "libthrottle/inspect/command_line.h"
#include "service/command.h"

namespace throttle::service::completions {

namespace {

// "help,h" as "--help" and "-h".
void name_option(std::string_view name, Option& option) {
  const std::size_t comma = name.find(',');
  option.name = "--" + std::string(name.substr(0, comma));
  if (comma != std::string_view::npos) option.letter = "-" + std::string(name.substr(comma + 1));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return words;
}

std::vector<Option> from(const std::vector<config::OptionGroup>& groups) {
  std::vector<Option> options;
  for (const config::OptionGroup& group : groups) {
    for (const config::Option& each : group.options) {
      Option& option = options.emplace_back();
      name_option(each.name, option);
      option.value = each.value;
      option.help = each.help;
      option.repeatable = each.repeatable;
      option.choices = each.choices;
    }
  }
  return options;
}

std::vector<Option> from(std::span<const inspect::CommandOption> given) {
  std::vector<Option> options;
  for (const inspect::CommandOption& each : given) {
    Option& option = options.emplace_back();
    name_option(each.name, option);
    option.value = each.value;
    option.help = each.help;
    option.repeatable = inspect::is_repeatable(each);
    option.choices = words_of(each.choices);
  }
  return options;
}

Tool inspect_tool() {
  Tool tool{.name = "throttle-inspect", .shared = from(inspect::common_options())};
  for (const inspect::Command& command : inspect::commands()) {
    tool.commands.push_back(
        {std::string(command.name), std::string(command.summary), from(command.options)});
  }
  return tool;
}

Tool service_tool(Platform platform) {
  const service::Platform where =
      platform == Platform::kWindows ? service::Platform::kWindows : service::Platform::kUnix;
  Tool tool{.name = "throttle-service"};
  tool.leading = from(leading_options());
  for (const VerbDescription& verb : verbs({.platform = where}))
    tool.commands.push_back({std::string(verb.name), std::string(verb.help), from(verb.options)});
  return tool;
}

}  // namespace

std::vector<Tool> tools(Platform platform) {
  return {{.name = "throttle-server", .shared = from(config::server_options())},
          {.name = "throttle-proxy", .shared = from(config::proxy_options())},
          inspect_tool(),
          service_tool(platform)};
}

std::string names(const Option& option) {
  return option.letter.empty() ? option.name : option.name + ' ' + option.letter;
}

std::string choices(const Option& option) {
  std::string text;
  for (const std::string& choice : option.choices)
    text += (text.empty() ? "" : " ") + choice;
  return text;
}

std::string quoted(const std::string& text, const std::string& escaped) {
  return '\'' + replaced(text, "'", escaped) + '\'';
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + by.size()))
    text.replace(at, part.size(), by);
  return text;
}

}  // namespace throttle::service::completions
