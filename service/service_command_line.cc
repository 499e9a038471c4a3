// Quoting for CommandLineToArgvW. Three rules make it up: backslashes are literal unless they stand
// before a quote; before a quote each pair of them is one backslash, and an odd one makes the quote
// literal; the program's name, which comes first, knows no backslash rule at all.
#include "service/service_command_line.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "service/service_identity.h"

namespace throttle::service {

namespace {

constexpr std::string_view kBlanks = " \t";

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

void skip_blanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
}

std::string take_program(std::string_view& rest) {
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.remove_prefix(1);
  const std::size_t end =
      std::min(quoted ? rest.find('"') : rest.find_first_of(kBlanks), rest.size());
  std::string program(rest.substr(0, end));
  rest.remove_prefix(std::min(end + (quoted ? 1 : 0), rest.size()));
  return program;
}

// A run of backslashes, with the quote behind it. Whether the quote is an unescaped one.
bool take_backslashes(std::string_view& rest, std::string& argument) {
  const std::size_t count = std::min(rest.find_first_not_of('\\'), rest.size());
  const bool before_quote = count < rest.size() && rest[count] == '"';
  argument.append(before_quote ? count / 2 : count, '\\');
  rest.remove_prefix(count);
  if (!before_quote || count % 2 == 0) return before_quote;
  argument += '"';
  rest.remove_prefix(1);
  return false;
}

std::string take_argument(std::string_view& rest) {
  std::string argument;
  bool quoted = false;
  while (!rest.empty() && (quoted || !is_blank(rest.front()))) {
    if (const char c = rest.front(); c != '\\' && c != '"') {
      argument += c;
      rest.remove_prefix(1);
    } else if (take_backslashes(rest, argument)) {
      rest.remove_prefix(1);
      if (quoted && rest.starts_with('"')) {  // a literal quote, which ends the quoted part as well
        argument += '"';
        rest.remove_prefix(1);
      }
      quoted = !quoted;
    }
  }
  return argument;
}

tl::unexpected<Error> foreign(std::string_view line) {
  return fail(ErrorCode::kInvalidArgument,
              "the service's command line is not one of throttle-service: " + quote(line));
}

// The value of `--NAME VALUE` or `--NAME=VALUE` at `at`, which is moved behind it.
std::optional<std::string> take_option(const std::vector<std::string>& words, std::size_t& at,
                                       std::string_view name) {
  const std::string_view word = words[at];
  if (word == name && at + 1 < words.size()) return words[++at];
  if (word.starts_with(name) && word.substr(name.size()).starts_with('='))
    return std::string(word.substr(name.size() + 1));
  return std::nullopt;
}

// The name of a program's file as Windows compares it; the command line may leave out ".exe".
std::string program_name(std::string_view path) {
  constexpr std::string_view kEnding = ".EXE";
  path.remove_prefix(path.find_last_of("\\/") + 1);  // none: npos + 1 is 0
  std::string name = upper_case(path);
  if (name.ends_with(kEnding)) name.resize(name.size() - kEnding.size());
  return name;
}

std::string in_quotes(std::string_view argument) {
  std::string quoted = "\"";
  std::size_t backslashes = 0;
  for (const char c : argument) {
    if (c == '"') quoted.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    quoted += c;
  }
  return quoted.append(backslashes, '\\').append("\"");
}

}  // namespace

std::string quote_argument(std::string_view argument) {
  const bool is_plain =
      !argument.empty() && argument.find_first_of(" \t\n\v\"") == std::string_view::npos;
  return is_plain ? std::string(argument) : in_quotes(argument);
}

std::vector<std::string> split_command_line(std::string_view line) {
  std::vector<std::string> words;
  if (line.empty()) return words;
  words.push_back(take_program(line));
  skip_blanks(line);
  while (!line.empty()) {
    words.push_back(take_argument(line));
    skip_blanks(line);
  }
  return words;
}

std::string image_path(const ServiceLaunch& launch) {
  THROTTLE_CHECK(launch.executable.find('"') == std::string::npos);
  std::string line = '"' + launch.executable + "\" run --scm --name " + quote_argument(launch.name);
  if (launch.role != Role::kServer) line.append(" --role ").append(to_string(launch.role));
  // A file name is quoted even without blanks: it reads better in the Services console.
  line += " --configuration " + in_quotes(launch.configuration);
  return line;
}

Result<ServiceLaunch> parse_image_path(std::string_view line) {
  const std::vector<std::string> words = split_command_line(line);
  if (words.size() < 2 || words[1] != "run") return foreign(line);
  ServiceLaunch launch{.executable = words[0], .name = {}, .configuration = {}};
  for (std::size_t at = 2; at < words.size(); ++at) {
    if (auto name = take_option(words, at, "--name")) {
      launch.name = *std::move(name);
    } else if (auto file = take_option(words, at, "--configuration")) {
      launch.configuration = *std::move(file);
    } else if (auto short_file = take_option(words, at, "-c")) {
      launch.configuration = *std::move(short_file);
    } else if (const auto text = take_option(words, at, "--role")) {
      const auto role = parse_role(*text);
      if (!role) return foreign(line);
      launch.role = *role;
    }
  }
  return launch;
}

bool is_service_of(std::string_view line, std::string_view executable) {
  const std::vector<std::string> words = split_command_line(line);
  const std::string wanted = program_name(executable);
  const auto program = std::ranges::adjacent_find(
      words, [&wanted](const std::string& word, const std::string& next) {
        return next == "run" && program_name(word) == wanted;
      });
  return std::find(program, words.end(), "--scm") != words.end();
}

}  // namespace throttle::service
