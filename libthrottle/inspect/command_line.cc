// Parses with Boost.Program_options, and replaces its messages with our own.
#include "libthrottle/inspect/command_line.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include <boost/program_options.hpp>

#include "libthrottle/core/text.h"
#include "libthrottle/inspect/visible.h"

namespace throttle::inspect {

namespace {

namespace po = boost::program_options;
using config::HelpExtent;

constexpr CommandOption kCommonOptions[] = {
    {"server,S", "URL", "the running server [THROTTLE_SERVER, or http://127.0.0.1:8000]"},
    {"journal,j", "FILE", "a journal; may be repeated [THROTTLE_JOURNAL, or path in [journal]]"},
    {"configuration,c", "FILE", "where the server and the journal are looked up [throttle.toml]"},
    {"json", "", "one array of JSON objects"},
    {"csv", "", "comma-separated values with a header (RFC 4180)"},
    {"no-header", "", "no line of headings"},
    {"columns", "A,B", "only these columns, in this order"},
    {"wide", "", "more columns, and nothing is cut"},
    {"utc", "", "times in UTC instead of those of the place"},
    {"color", "WHEN", "auto, always or never [auto]", "auto always never"},
    {"no-pager", "", "never through a pager"},
    {"timeout", "DURATION", "how long a server may take to answer [5s]"},
    {"help,h", "", "show this and exit; --help all shows more"},
    {"version", "", "show the version and exit"},
};

constexpr std::string_view kRepeatable[] = {"journal", "head", "log", "semaphore", "kind"};
constexpr std::string_view kWord = "word";  // what the library calls what is no option

std::string long_name(std::string_view name) {
  return std::string(name.substr(0, name.find(',')));
}

void add(po::options_description& to, std::span<const CommandOption> options) {
  auto easy = to.add_options();
  for (const CommandOption& option : options) {
    const std::string name(option.name);
    const std::string text(option.help);
    if (option.value.empty()) {
      easy(name.c_str(), text.c_str());
    } else {
      easy(name.c_str(), po::value<std::string>()->value_name(std::string(option.value)),
           text.c_str());
    }
  }
}

tl::unexpected<Error> wrong(const std::string& what, const Command* command) {
  const std::string name = command == nullptr ? "" : std::string(command->name) + ' ';
  return fail(ErrorCode::kInvalidArgument,
              what + " (throttle-inspect " + name + "--help all shows what is possible)");
}

const Command* find_command(std::string_view name) {
  const auto all = commands();
  const auto found = std::ranges::find(all, name, &Command::name);
  return found == all.end() ? nullptr : &*found;
}

bool takes_value(std::string_view option) {
  const auto is_it = [option](const CommandOption& it) {
    const std::string name = long_name(it.name);
    const bool letter = it.name.size() > name.size() && option.size() == 2 &&
                        option[1] == it.name.back() && option[0] == '-';
    return !it.value.empty() && (letter || option == "--" + name);
  };
  if (std::ranges::any_of(kCommonOptions, is_it)) return true;
  return std::ranges::any_of(commands(), [&](const Command& command) {
    return std::ranges::any_of(command.options, is_it);
  });
}

// Where the command is among the words: the first that is neither an option nor the value of one.
std::size_t place_of_command(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with('-') || word == "-") return i;
    if (takes_value(word)) ++i;
  }
  return words.size();
}

// What is wrong with an option that the library let through; nothing if all is well.
std::string complaint(const po::option& option, const Given& given) {
  if (option.string_key.empty() || option.string_key == kWord) return {};
  if (given.has(option.string_key) &&
      std::ranges::find(kRepeatable, option.string_key) == std::end(kRepeatable))
    return "--" + option.string_key + " is given twice";
  if (option.value.empty()) return {};
  const std::string& value = option.value.front();
  const bool swallowed =
      option.original_tokens.size() > 1 && value.starts_with('-') && value != "-";
  return swallowed ? "--" + option.string_key + ": expected a value, got " + quote(value)
                   : std::string();
}

Result<Given> parse(const std::vector<std::string>& words, const Command* command) {
  namespace styles = po::command_line_style;
  constexpr int kStyle = styles::unix_style & ~styles::allow_guessing;
  po::options_description known;
  add(known, kCommonOptions);
  if (command != nullptr) add(known, command->options);
  po::options_description all;
  all.add(known).add_options()(std::string(kWord).c_str(), po::value<std::vector<std::string>>());
  po::positional_options_description positions;
  positions.add(std::string(kWord).c_str(), -1);
  Given given;
  try {
    for (const po::option& option : po::command_line_parser(words)
                                        .options(all)
                                        .positional(positions)
                                        .style(kStyle)
                                        .run()
                                        .options) {
      if (const std::string text = complaint(option, given); !text.empty())
        return wrong(text, command);
      const std::string value = option.value.empty() ? "" : option.value.front();
      if (option.position_key >= 0)
        given.words.push_back(value);
      else
        given.options.push_back({option.string_key, value});
    }
  } catch (const po::error& error) {
    return wrong(error.what(), command);
  }
  return given;
}

std::string describe(std::string_view heading, std::span<const CommandOption> options) {
  po::options_description all{std::string(heading)};
  add(all, options);
  std::ostringstream text;
  text << all;
  return text.str();
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  const std::size_t has = width_of(text);
  if (has < width) out.append(width - has, ' ');
  return out;
}

// In the list of commands.
std::string line_of(const Command& command, HelpExtent extent) {
  constexpr std::size_t kWidth = 11;
  const std::string name(command.name);
  const std::string summary = std::string(command.summary) + '\n';
  if (extent == HelpExtent::kBrief) return "  " + padded(name, kWidth) + ' ' + summary;
  const std::string arguments =
      command.arguments.empty() ? "" : ' ' + std::string(command.arguments);
  return "  " + name + arguments + "\n      " + summary;
}

Result<void> check_words(const Given& given, const Command& command) {
  if (given.words.size() < command.least_words)
    return wrong(std::string(command.name) + ": expected " + std::string(command.arguments),
                 &command);
  if (given.words.size() > command.most_words)
    return wrong("unexpected argument " + quote(given.words[command.most_words]), &command);
  if (given.has("json") && given.has("csv"))
    return wrong("--json and --csv exclude each other", &command);
  return {};
}

}  // namespace

bool Given::has(std::string_view name) const {
  return std::ranges::find(options, name, &Named::name) != options.end();
}

std::string Given::value(std::string_view name) const {
  const auto found = std::ranges::find(options, name, &Named::name);
  return found == options.end() ? std::string() : found->value;
}

std::vector<std::string> Given::values(std::string_view name) const {
  std::vector<std::string> found;
  for (const Named& option : options)
    if (option.name == name) found.push_back(option.value);
  return found;
}

Result<std::optional<Moment>> Context::moment(std::string_view option) const {
  if (!given.has(option)) return std::nullopt;
  const auto moment = parse_moment(given.value(option), world.now_us, out.style().zone);
  if (!moment)
    return fail(ErrorCode::kInvalidArgument,
                "--" + std::string(option) + ": " + moment.error().message);
  return *moment;
}

std::span<const CommandOption> common_options() {
  return kCommonOptions;
}

bool is_repeatable(const CommandOption& option) {
  return std::ranges::find(kRepeatable, long_name(option.name)) != std::end(kRepeatable);
}

std::string help(HelpExtent extent) {
  std::string text =
      "usage: throttle-inspect [OPTION]… COMMAND [ARGUMENT]…\n\n"
      "Asks a running server and its audit journal.\n\nCommands:\n";
  for (const Command& command : commands())
    text += line_of(command, extent);
  text += "\nCOMMAND --help begins with two examples.";
  if (extent == HelpExtent::kBrief) {
    return text +
           " -S URL names the server, -j FILE the\n"
           "journal, and -c FILE the configuration that names both. --json and --csv are\n"
           "for programs. --help all shows all options.\n";
  }
  text += "\n\n" + describe("Options", kCommonOptions);
  return text +
         "\nExit status: 0 shown, the same, proven; 1 not found, different, violated;\n"
         "2 it could not be done; 130 interrupted.\n";
}

std::string help_of(const Command& command, HelpExtent extent) {
  std::string text = "Examples:\n";
  for (const std::string_view example : command.examples)
    text += "  throttle-inspect " + std::string(example) + '\n';
  text += "\nusage: throttle-inspect [OPTION]… " + std::string(command.name);
  if (!command.arguments.empty()) text += ' ' + std::string(command.arguments);
  text += "\n\n" + std::string(command.summary) + ".\n\n";
  if (!command.options.empty())
    text += describe("Options of " + std::string(command.name), command.options) + '\n';
  if (extent == HelpExtent::kAll) return text + describe("Options of all commands", kCommonOptions);
  return text;
}

Result<Request> parse_command_line(std::span<const char* const> arguments,
                                   std::string_view version) {
  std::vector<std::string> words(arguments.begin(), arguments.end());
  const HelpExtent extent = config::take_help_extent(words, 'h');
  const std::size_t at = place_of_command(words);
  const Command* command = nullptr;
  if (at < words.size()) {
    command = find_command(words[at]);
    if (command == nullptr) return wrong("there is no command " + quote(words[at]), nullptr);
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
  }
  auto given = parse(words, command);
  if (!given) return tl::unexpected(given.error());
  if (given->has("help")) {
    if (command == nullptr) return ShowText{help(extent)};
    const bool brief = extent == HelpExtent::kBrief;
    return ShowText{help_of(*command, extent) +
                    (brief ? "--help all also shows the options that all commands have.\n" : "")};
  }
  if (given->has("version")) return ShowText{"throttle-inspect " + std::string(version) + '\n'};
  if (command == nullptr) return wrong("expected a command", nullptr);
  if (auto done = check_words(*given, *command); !done) return tl::unexpected(done.error());
  return Asked{command, *std::move(given)};
}

}  // namespace throttle::inspect
