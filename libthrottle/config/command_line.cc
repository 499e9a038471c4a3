// Parses command lines with Boost.Program_options, and replaces its messages with our own.
#include "libthrottle/config/command_line.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include <boost/program_options.hpp>

#include "libthrottle/config/closest.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

namespace po = boost::program_options;

po::options_description library_form(std::span<const OptionGroup> groups) {
  po::options_description all;
  for (const OptionGroup& group : groups) {
    po::options_description options(group.heading);
    auto add = options.add_options();
    for (const Option& option : group.options) {
      if (option.value.empty()) {
        add(option.name.c_str(), option.help.c_str());
      } else {
        add(option.name.c_str(), po::value<std::string>()->value_name(option.value),
            option.help.c_str());
      }
    }
    all.add(options);
  }
  return all;
}

bool is_repeatable(std::span<const OptionGroup> groups, const std::string& name) {
  return std::ranges::any_of(groups, [&name](const OptionGroup& group) {
    return std::ranges::any_of(group.options, [&name](const Option& option) {
      return option.repeatable && option.name.substr(0, option.name.find(',')) == name;
    });
  });
}

// What is wrong with an option that the library let through; nothing if all is well.
std::string complaint(const po::option& option) {
  if (option.string_key.empty()) return "unexpected argument " + quote(option.value.front());
  if (option.value.empty()) return {};
  const std::string& value = option.value.front();
  const bool swallowed =
      option.original_tokens.size() > 1 && value.starts_with('-') && value != "-";
  return swallowed ? "--" + option.string_key + ": expected a value, got " + quote(value)
                   : std::string();
}

std::string long_name(std::string_view option) {
  return std::string(option.substr(0, option.find(',')));
}

// The letter of the option `help`; 0 if it has none.
char help_letter(std::span<const OptionGroup> groups) {
  for (const OptionGroup& group : groups)
    for (const Option& option : group.options)
      if (option.name.starts_with("help,")) return option.name.back();
  return 0;
}

// "--lisen" as it was given, and the option that is probably meant.
std::string unknown_option(const std::string& given, std::span<const OptionGroup> groups) {
  std::vector<std::string> names;
  for (const OptionGroup& group : groups)
    for (const Option& option : group.options)
      names.push_back("--" + long_name(option.name));
  std::string text = "unrecognised option '" + given + "'";
  if (!given.starts_with("--")) return text;
  const std::string_view meant = closest(given.substr(0, given.find('=')), names);
  if (!meant.empty()) text += "; did you mean " + std::string(meant) + '?';
  return text;
}

}  // namespace

HelpExtent take_help_extent(std::vector<std::string>& words, char letter) {
  const std::string by_letter = letter == 0 ? "--help" : std::string("-") + letter;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--") break;
    const auto next = std::next(word);
    const bool asks = *word == "--help" || *word == by_letter;
    if (!asks || next == words.end() || *next != "all") continue;
    words.erase(next);
    return HelpExtent::kAll;
  }
  return HelpExtent::kBrief;
}

Result<std::vector<Argument>> parse_arguments(std::span<const char* const> arguments,
                                              std::span<const OptionGroup> groups) {
  namespace styles = po::command_line_style;
  constexpr int kStyle = styles::unix_style & ~styles::allow_guessing;
  const po::options_description known = library_form(groups);
  std::vector<Argument> given;
  try {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    const HelpExtent extent = take_help_extent(words, help_letter(groups));
    for (const po::option& option :
         po::command_line_parser(words).options(known).style(kStyle).run().options) {
      if (const std::string text = complaint(option); !text.empty()) return wrong(text);
      if (is_given(given, option.string_key) && !is_repeatable(groups, option.string_key)) {
        return wrong("--" + option.string_key + " is given twice");
      }
      given.push_back({option.string_key, option.value.empty() ? "" : option.value.front()});
      if (option.string_key == "help" && extent == HelpExtent::kAll) given.back().value = "all";
    }
  } catch (const po::unknown_option& error) {
    return wrong(unknown_option(error.get_option_name(), groups));
  } catch (const po::error& error) {
    return wrong(error.what());
  }
  return given;
}

bool is_given(std::span<const Argument> arguments, std::string_view name) {
  return std::ranges::find(arguments, name, &Argument::name) != arguments.end();
}

HelpExtent help_extent(std::span<const Argument> arguments) {
  const auto help = std::ranges::find(arguments, "help", &Argument::name);
  return help != arguments.end() && help->value == "all" ? HelpExtent::kAll : HelpExtent::kBrief;
}

std::string describe(std::span<const OptionGroup> groups, std::string_view heading,
                     std::span<const std::string_view> names) {
  OptionGroup shown{std::string(heading), {}};
  for (const std::string_view name : names) {
    for (const OptionGroup& group : groups)
      for (const Option& option : group.options)
        if (long_name(option.name) == name) shown.options.push_back(option);
  }
  THROTTLE_CHECK(shown.options.size() == names.size());
  return describe(std::span(&shown, 1));
}

std::string describe(std::span<const OptionGroup> groups) {
  std::ostringstream text;
  text << library_form(groups);
  return text.str();
}

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument,
              std::string(what) + " (--help all shows what is possible)");
}

Result<std::string> parse_path(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return fail(ErrorCode::kInvalidArgument, "expected the path of a file, got nothing");
}

}  // namespace throttle::config
