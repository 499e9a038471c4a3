// `top`: the screen of a server, made again every few seconds, until q or Ctrl+C.
//
// Everything is on the loop of the server's connection: keys and changes of the size also arrive
// while an answer is awaited, and end that waiting. The terminal gets its own screen back however
// the command ends: by a key, by a signal, or by an error.
#include <chrono>
#include <csignal>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "libthrottle/core/duration.h"
#include "libthrottle/inspect/live_commands.h"
#include "libthrottle/inspect/places.h"
#include "libthrottle/inspect/status_text.h"
#include "libthrottle/inspect/system.h"
#include "libthrottle/inspect/top_screen.h"
#include "libthrottle/inspect/visible.h"
#include "libthrottle/inspect/watch_commands.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/keyboard.h"
#include "libthrottle/uv/signal.h"
#include "libthrottle/uv/timer.h"

namespace throttle::inspect {

namespace {

using namespace std::chrono_literals;

constexpr Duration kLeastDelay = 100ms;
constexpr Duration kDelay = 2s;
// The second screen of a terminal, without a cursor; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

class Top {
 public:
  Top(Context& context, const ServerPlace& place, Duration delay)
      : context_(context),
        delay_(delay),
        server_(place),
        screen_(format_duration(delay), context.out.style().zone),
        timer_(server_.loop(), uv::bound<&Top::on_due>(this)) {}

  Result<Exit> run();

 private:
  void on_keys(std::string_view bytes);
  void on_resized() { draw(); }
  void on_ended() { end(Exit::kInterrupted); }
  void on_due();
  void end(Exit exit);
  void take_picture();
  void draw();
  void kick();
  void show(std::string_view text) {
    context_.out.text(text);
    const bool appeared = !context_.world.flush || context_.world.flush();
    if (!appeared || !context_.out.is_open()) end(Exit::kShown);
  }

  Context& context_;
  const Duration delay_;
  Server server_;
  TopScreen screen_;
  uv::Timer timer_;
  TopPicture picture_;
  bool due_ = true;                    // a picture is to be taken
  std::deque<TopScreen::Kick> kicks_;  // confirmed, not sent yet
  std::optional<Exit> exit_;
};

Result<Exit> Top::run() {
  uv::Loop& loop = server_.loop();
  const auto ended = uv::bound<&Top::on_ended>(this);
  // Before the keyboard changes the terminal: from then on a signal must not end the process.
  auto interrupted = uv::Signal::watch(loop, SIGINT, ended);
  auto terminated = uv::Signal::watch(loop, SIGTERM, ended);
  auto hung_up = uv::Signal::watch(loop, uv::kHangUpSignal, ended);
  auto resized = uv::Signal::watch(loop, uv::kResizeSignal, uv::bound<&Top::on_resized>(this));
  auto keyboard = uv::Keyboard::open(loop, uv::bound<&Top::on_keys>(this));
  if (!keyboard) return tl::unexpected(keyboard.error());
  // The first picture is taken before the screen is, so that a server that is not there is an
  // ordinary error.
  take_picture();
  if (!picture_.trouble.empty() && !exit_) return fail(ErrorCode::kUnavailable, picture_.trouble);
  show(kEnter);
  while (!exit_) {
    if (!kicks_.empty()) kick();
    if (std::exchange(due_, false)) {
      take_picture();
      timer_.arm(saturating_add(uv::now(), delay_));
    }
    if (exit_) break;
    draw();
    if (!exit_ && !due_ && kicks_.empty()) loop.run();
  }
  show(kLeave);
  return *exit_;
}

void Top::on_keys(std::string_view bytes) {
  if (bytes.empty()) return end(Exit::kShown);
  for (const Key& key : keys_in(bytes)) {
    switch (screen_.take(key, picture_)) {
      case TopScreen::Wish::kQuit:
        return end(Exit::kShown);
      case TopScreen::Wish::kInterrupt:
        return end(Exit::kInterrupted);
      case TopScreen::Wish::kKick:
        kicks_.push_back(screen_.kick());
        break;
      case TopScreen::Wish::kDraw:
        break;
    }
  }
  draw();
  server_.loop().stop();
}

void Top::on_due() {
  due_ = true;
  server_.loop().stop();
}

void Top::end(Exit exit) {
  if (!exit_) exit_ = exit;
  server_.cancel();
  server_.loop().stop();
}

void Top::take_picture() {
  const auto semaphores = read_leases(server_);
  if (exit_) return;
  if (!semaphores) {
    picture_.trouble = semaphores.error().message;
    return;
  }
  const auto metrics = server_.page("/metrics");
  picture_.samples = metrics ? parse_metrics(*metrics) : Samples();
  picture_.at_us = wall_clock_us();
  picture_.head = head_line(server_, picture_.samples, picture_.at_us);
  picture_.semaphores = *semaphores;
  picture_.trouble.clear();
}

void Top::draw() {
  if (exit_ || picture_.head.empty()) return;
  show(screen_.frame(picture_, terminal_size()));
}

void Top::kick() {
  const TopScreen::Kick kick = std::move(kicks_.front());
  kicks_.pop_front();
  const auto answer =
      server_.remove("/peers/" + std::to_string(kick.peer) + "?reason=" + encoded(kick.reason) +
                     "&by=" + encoded(user_at_host()));
  due_ = true;
  if (!answer) return screen_.say(answer.error().message);
  if (answer->status != 200)
    return screen_.say("The server answers " + std::to_string(answer->status) + ": " +
                       answer->body);
  screen_.say("Peer " + std::to_string(kick.peer) + " is ended.");
}

Result<Duration> asked_delay(const Given& given) {
  if (!given.has("delay")) return kDelay;
  const auto delay = parse_duration(given.value("delay"));
  if (!delay) return fail(ErrorCode::kInvalidArgument, "--delay: " + delay.error().message);
  if (*delay < kLeastDelay)
    return fail(ErrorCode::kInvalidArgument, "--delay: expected at least 100ms.");
  return *delay;
}

}  // namespace

Result<Exit> top(Context& context) {
  const auto delay = asked_delay(context.given);
  if (!delay) return tl::unexpected(delay.error());
  const bool has_screen = context.out.is_for_people() && context.world.has_screen;
  if (!has_screen) return show_status(context);
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  return Top(context, *place, *delay).run();
}

}  // namespace throttle::inspect
