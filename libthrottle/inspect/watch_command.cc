// `watch`: follows the events of a server for as long as anybody reads.
//
// A connection that is lost, also by a restart of the server, is made again after the time that the
// server asks for, and the stream goes on behind the last event that was seen: what cannot be given
// any more, the server says with a gap. The first connection must succeed.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "libthrottle/client/http_client.h"
#include "libthrottle/core/check.h"
#include "libthrottle/inspect/event_reader.h"
#include "libthrottle/inspect/event_text.h"
#include "libthrottle/inspect/places.h"
#include "libthrottle/inspect/server.h"
#include "libthrottle/inspect/watch_commands.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/signal.h"
#include "libthrottle/uv/timer.h"

namespace throttle::inspect {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kErrorBytes = 300;

// Two comments may be late, and some seconds more.
Duration silence_allowed(std::uint64_t keep_alive_ms) {
  constexpr std::uint64_t kDay = 86'400'000;
  return 2 * std::chrono::milliseconds(std::min(keep_alive_ms, kDay)) + 5s;
}

class Watch final : client::HttpClient::Receiver {
 public:
  Watch(Context& context, const ServerPlace& place, std::string target)
      : context_(context),
        place_(place),
        target_(std::move(target)),
        http_(loop_, {.server = place.address, .limits = {.connect = place.timeout}}),
        timer_(loop_, uv::bound<&Watch::on_due>(this)) {}

  Result<Exit> run() {
    auto interrupted = uv::Signal::watch(loop_, SIGINT, uv::bound<&Watch::on_interrupt>(this));
    auto ended = uv::Signal::watch(loop_, SIGTERM, uv::bound<&Watch::on_interrupt>(this));
    connect();
    while (!outcome_)
      loop_.run();
    exchange_ = {};
    return *std::move(outcome_);
  }

 private:
  void connect();
  void on_head(const http::ResponseHead& head) override;
  void on_body(std::string_view piece) override;
  void on_end(Result<void> outcome) override;
  void on_due();
  void on_interrupt() { finish(Exit::kInterrupted); }

  void take(const StreamEvent& event);
  void lose(const std::string& why);
  void finish(Result<Exit> outcome);
  void await_sign_of_life() { timer_.arm(saturating_add(uv::now(), silence_)); }

  Context& context_;
  const ServerPlace place_;
  const std::string target_;
  uv::Loop loop_;
  client::HttpClient http_;
  client::Exchange exchange_;
  EventReader reader_;
  // Connected: until when something must come. An answer that is no stream: until when it must be
  // complete. Else when to connect again.
  uv::Timer timer_;
  Duration silence_ = 1min;
  bool connected_ = false;  // the stream has begun
  bool ever_connected_ = false;
  bool told_ = false;  // that the connection is lost
  unsigned status_ = 0;
  std::string refusal_;
  std::optional<Result<Exit>> outcome_;
};

void Watch::connect() {
  client::Request request{
      .target = target_,
      .limits = client::TimeLimits{
          .connect = place_.timeout, .head = place_.timeout, .idle = kForever, .whole = kForever}};
  if (!reader_.last_id().empty()) request.headers.push_back({"Last-Event-ID", reader_.last_id()});
  reader_.begin_again();
  status_ = 0;
  refusal_.clear();
  exchange_ = http_.stream(std::move(request), *this);
}

void Watch::on_head(const http::ResponseHead& head) {
  status_ = head.status;
  connected_ = status_ == 200 && head.value_of("Content-Type").starts_with("text/event-stream");
  if (!connected_) return timer_.arm(saturating_add(uv::now(), place_.timeout));
  ever_connected_ = true;
  await_sign_of_life();
}

void Watch::on_body(std::string_view piece) {
  if (outcome_) return;
  if (!connected_) {
    if (refusal_.size() < kErrorBytes) refusal_.append(piece.substr(0, kErrorBytes));
    return;
  }
  await_sign_of_life();
  const bool readable = reader_.read(piece, [this](StreamEvent&& event) { take(event); });
  const bool appeared = !context_.world.flush || context_.world.flush();
  if (!appeared || !context_.out.is_open()) return finish(Exit::kShown);
  if (!readable) lose("what it sends is no stream of events");
}

void Watch::on_end(Result<void> outcome) {
  if (std::exchange(connected_, false)) {
    return lose(outcome ? "the server ended the stream" : outcome.error().message);
  }
  if (status_ == 0 && outcome) outcome = fail(ErrorCode::kUnavailable, "no answer");
  std::string why = status_ == 0 ? outcome.error().message
                                 : place_.url() + target_ + " answers " + std::to_string(status_) +
                                       ": " + refusal_;
  if (status_ == 200 || status_ == 404)
    why = place_.url() + " has no stream of events: it is another program, or an older server.";
  // A server that starts, or has too many streams for a moment, is worth another try.
  if (ever_connected_ && (status_ == 0 || status_ == 503)) return lose(why);
  if (status_ == 0) why += ". Is the server running there? -S http://HOST:PORT names another one.";
  finish(fail(ErrorCode::kUnavailable, why));
}

void Watch::take(const StreamEvent& event) {
  const bool is_event = event.name != "hello" && event.name != "bye";
  if (event.name == "hello") {
    if (std::exchange(told_, false)) context_.world.remark("connected again.");
    const auto data = nlohmann::json::parse(event.data, nullptr, false);
    const auto keep_alive = data.is_object() ? data.find("keep_alive_ms") : data.end();
    if (data.is_object() && keep_alive != data.end() && keep_alive->is_number_unsigned())
      silence_ = silence_allowed(keep_alive->get<std::uint64_t>());
  }
  if (context_.out.is_for_people()) {
    if (is_event) context_.out.line(people_line(event, context_.out.style().zone));
  } else {
    context_.out.text(machine_line(event) + '\n');
  }
}

void Watch::on_due() {
  if (connected_) return lose("nothing came for " + format_span(silence_ / 1us));
  if (!exchange_.is_open()) return connect();
  exchange_ = {};
  on_end({});
}

void Watch::lose(const std::string& why) {
  connected_ = false;
  exchange_ = {};
  if (!std::exchange(told_, true))
    context_.world.remark("The connection is lost: " + why + ". Trying again …");
  timer_.arm(saturating_add(uv::now(), std::chrono::milliseconds(std::min<std::int64_t>(
                                           reader_.retry_ms().value_or(2000), 60'000))));
}

void Watch::finish(Result<Exit> outcome) {
  if (!outcome_) outcome_ = std::move(outcome);
  timer_.disarm();
  loop_.stop();
}

}  // namespace

Result<Exit> watch(Context& context) {
  const Given& given = context.given;
  for (const char* const option : {"csv", "columns"})
    if (given.has(option))
      return fail(ErrorCode::kInvalidArgument,
                  std::string("watch has no --") + option + "; --json writes an object a line.");
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  std::string target = "/events";
  const auto add = [&target](std::string_view name, const std::string& value) {
    target += target.find('?') == std::string::npos ? '?' : '&';
    target.append(name).append("=").append(encoded(value));
  };
  for (const std::string& semaphore : given.values("semaphore"))
    add("semaphore", semaphore);
  for (const std::string& kind : given.values("kind"))
    add("kind", kind);
  if (given.has("since")) add("since", given.value("since"));
  return Watch(context, *place, std::move(target)).run();
}

}  // namespace throttle::inspect
