// From the command line to a command, and from its result to the exit code.
#include "libthrottle/inspect/run.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "libthrottle/core/text.h"
#include "libthrottle/inspect/command_line.h"
#include "libthrottle/inspect/system.h"
#include "libthrottle/inspect/visible.h"

namespace throttle::inspect {

namespace {

constexpr int kCouldNot = 2;

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (comma != 0) parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return parts;
}

Result<bool> wants_color(const Given& given, const Surroundings& around) {
  const std::string when = given.has("color") ? given.value("color") : "auto";
  if (when == "always") return true;
  if (when == "never") return false;
  if (when != "auto")
    return fail(ErrorCode::kInvalidArgument,
                "--color: expected auto, always or never, got " + quote(when));
  return around.terminal.has_colors && around.world.variable("NO_COLOR").empty();
}

Result<Style> style_of(const Given& given, const Surroundings& around) {
  const auto color = wants_color(given, around);
  if (!color) return tl::unexpected(color.error());
  Style style;
  if (given.has("json")) style.format = Format::kJson;
  if (given.has("csv")) style.format = Format::kCsv;
  style.header = !given.has("no-header");
  style.wide = given.has("wide");
  style.color = *color;
  style.zone = given.has("utc") ? Zone::kUtc : Zone::kLocal;
  style.width = style.wide || !around.terminal.is_terminal ? 0 : around.terminal.columns;
  style.columns = split(given.value("columns"));
  return style;
}

int fail_with(const Surroundings& around, const Error& error) {
  around.error("throttle-inspect: " + visible_lines(error.message) + '\n');
  return kCouldNot;
}

// What the process writes: to stdout, or through a pager that starts with the first text.
class StandardOutput {
 public:
  explicit StandardOutput(std::string pager) : pager_(std::move(pager)) {}

  bool write(std::string_view text) {
    if (!pager_.empty()) pipe_ = Pipe::open(std::exchange(pager_, {}));
    if (pipe_) return pipe_->write(text);
    return note(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
  }
  bool flush() { return note(std::fflush(stdout) == 0); }
  // The pager ends.
  void close() { pipe_.reset(); }
  // Something that was written is lost, and not because its reader left (`head`).
  bool has_failed() const { return trouble_ != 0 && trouble_ != EPIPE; }

 private:
  // After a failure stdio forgets the text, so that a later flush succeeds: the first one counts.
  bool note(bool done) {
    if (!done && trouble_ == 0) trouble_ = errno == 0 ? EIO : errno;
    return trouble_ == 0;
  }

  std::string pager_;
  std::unique_ptr<Pipe> pipe_;
  int trouble_ = 0;  // the errno of the first failure
};

bool ask_on_terminal(const std::string& question) {
  std::fputs((question + " [y/N] ").c_str(), stderr);
  const int answer = std::getchar();
  for (int c = answer; c != '\n' && c != EOF;)
    c = std::getchar();
  return answer == 'y' || answer == 'Y';
}

std::string pager_command() {
  const std::string pager = environment("PAGER");
  if (pager == "cat") return {};
  // Where there is no less, the text comes without a stop.
  constexpr const char* kLess =
      "if command -v less >/dev/null 2>&1; then exec less -FRX; else exec cat; fi";
  return pager.empty() ? kLess : pager;
}

constexpr std::string_view kWithoutPager[] = {"--no-pager", "kick", "release", "watch", "top"};

bool asks_for_pager(std::span<const char* const> arguments) {
  for (const std::string_view word : arguments)
    if (std::ranges::find(kWithoutPager, word) != std::end(kWithoutPager)) return false;
  return true;
}

}  // namespace

int run(std::span<const char* const> arguments, std::string_view version,
        const Surroundings& around) {
  const auto request = parse_command_line(arguments, version);
  if (!request) return fail_with(around, request.error());
  if (const auto* const text = std::get_if<ShowText>(&*request)) {
    around.out(text->text);
    return 0;
  }
  const Asked& asked = std::get<Asked>(*request);
  auto style = style_of(asked.given, around);
  if (!style) return fail_with(around, style.error());
  Output out(around.out, *std::move(style));
  Context context{asked.given, around.world, out};
  const auto exit = asked.command->run(context);
  if (!exit) return fail_with(around, exit.error());
  return static_cast<int>(*exit);
}

int run_main(std::span<const std::string> words, std::string_view version) {
  std::vector<const char*> arguments;
  arguments.reserve(words.size());
  for (const std::string& word : words)
    arguments.push_back(word.c_str());
  Surroundings around;
  around.terminal.is_terminal = is_terminal(Stream::kOut);
  around.terminal.columns = terminal_size().columns;
  around.terminal.has_colors = prepare_terminal() && around.terminal.is_terminal;
  const bool pages = around.terminal.is_terminal && asks_for_pager(arguments);
  StandardOutput standard(pages ? pager_command() : "");
  around.out = [&standard](std::string_view text) { return standard.write(text); };
  around.error = [&standard](std::string_view text) {
    standard.flush();
    std::fwrite(text.data(), 1, text.size(), stderr);
  };
  around.world.now_us = wall_clock_us();
  around.world.variable = &environment;
  around.world.remark = [&around](const std::string& text) {
    around.error("throttle-inspect: " + visible(text) + '\n');
  };
  around.world.flush = [&standard] { return standard.flush(); };
  if (is_terminal(Stream::kIn)) around.world.ask = &ask_on_terminal;
  around.world.has_screen = is_terminal(Stream::kIn) && around.terminal.has_colors;
  const int exit = run(arguments, version, around);
  standard.close();
  standard.flush();
  if (standard.has_failed() && exit == 0) {
    around.error("throttle-inspect: stdout cannot be written.\n");
    return kCouldNot;
  }
  return exit;
}

}  // namespace throttle::inspect
