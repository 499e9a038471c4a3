// Any sequence of requests, reloads, silences and hang-ups leaves the ledger whole, and every
// request is answered exactly once. Bodies read in the short way read the same in the long way.
//
// The input is read as lines, one step each:
//   PUT /peers/5/A?block_for=5s 1     a request: method, target, and the rest of the line its body
//   *PUT /peers/5/A 1                 the same, but the turn goes on with the next step
//   ?PUT /peers/5/A 1                 the same, without the Content-Type of JSON
//   +1500                             1500 ms pass, and the timers fire
//   ~1500                             1500 ms pass unnoticed
//   -3                                the client of the third request hangs up
//   #                                 the next of four configurations comes into force
//   !                                 the server begins to stop
// So libFuzzer finds deep sequences by splicing lines of its corpus.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/http/router.h"
#include "libthrottle/lease/json_body.h"
#include "libthrottle/lease/json_parser.h"
#include "libthrottle/lease/lease_door.h"
#include "tests/http/whole_body.h"

namespace {

using namespace throttle;

constexpr std::size_t kMaxSteps = 300;

// The number at the front of a text, or 0.
std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

http::Method method_named(std::string_view name) {
  using enum http::Method;
  for (const http::Method method : {kGet, kHead, kPost, kPut, kDelete})
    if (http::to_string(method) == name) return method;
  return kOther;
}

struct ReadBody {
  explicit ReadBody(std::string_view body) { refusal = lease::parse_object(body, fields); }
  explicit ReadBody(const http::Request& request) { refusal = lease::read_object(request, fields); }

  Duration length{};
  std::string label;
  std::array<lease::Field, 2> fields = {lease::Field{"expires_in", &length},
                                        lease::Field{"label", &label, lease::Need::kOptional}};
  lease::Reply refusal;
};

std::string text_of(const http::Response& response) {
  return std::to_string(response.status) + response.body;
}
std::string text_of(const lease::Reply& reply) {
  return reply ? text_of(*reply) : std::string();
}

void check_short_ways(std::string_view body) {
  http::Request request;
  request.body = body;
  request.content_type = http::kJsonType;
  const ReadBody fast(request);
  const ReadBody thorough(body);
  THROTTLE_CHECK(text_of(fast.refusal) == text_of(thorough.refusal));
  THROTTLE_CHECK(fast.refusal || fast.length == thorough.length);

  Count count = 0;
  const lease::Reply refusal = lease::parse_count(body, count);
  const auto fast_count = lease::read_count(request);
  THROTTLE_CHECK(fast_count ? !refusal && *fast_count == count
                            : text_of(fast_count.error()) == text_of(refusal));
}

class Session {
 public:
  Session() {
    door_.add_routes(router_);
    reload();
  }

  void step(std::string_view line) {
    const char kind = line.empty() ? ' ' : line.front();
    const std::string_view rest = line.substr(std::min<std::size_t>(1, line.size()));
    switch (kind) {
      case '*':
        return ask(rest, http::kJsonType);
      case '~':
        now_ += milliseconds(rest);
        return;
      case '+':
        return pass(milliseconds(rest));
      case '-':
        return hang_up(number_in(rest));
      case '#':
        return reload();
      case '!':
        door_.stop_parking();
        break;
      case '?':
        ask(rest, "text/plain");
        break;
      default:
        ask(line, http::kJsonType);
    }
    end_turn();
  }

  // All requests that wait are answered in the end.
  void finish() {
    end_turn();
    door_.stop_parking();
    end_turn();
    THROTTLE_CHECK(door_.parked_count() == 0 && door_.next_deadline() == kNever);
    THROTTLE_CHECK(waiting_.empty());
  }

 private:
  static Duration milliseconds(std::string_view text) {
    constexpr std::uint64_t kMost = 1'000'000'000;
    return std::chrono::milliseconds(std::min(number_in(text), kMost));
  }

  void ask(std::string_view line, std::string_view content_type) {
    http::Request request;
    request.method = method_named(take_word(line));
    const std::string_view target = take_word(line);
    request.path = target.substr(0, target.find('?'));
    request.query = target.substr(std::min(target.size(), request.path.size() + 1));
    request.body = line;
    request.content_type = content_type;
    check_short_ways(request.body);
    door_.begin_request(now_);
    end_turn();
    waiting_.insert(++exchange_);
    auto dispatch = router_.dispatch(request, exchange_, now_);
    if (dispatch.response) http::testing::make_whole(*dispatch.response, now_);
    if (dispatch.response) answered(exchange_, *dispatch.response);
  }

  void answered(http::ExchangeId exchange, const http::Response& response) {
    THROTTLE_CHECK(waiting_.erase(exchange) == 1);
    constexpr std::array kStatuses = {200u, 201u, 202u, 400u, 404u, 405u,
                                      409u, 415u, 422u, 501u, 503u};
    const bool known = std::ranges::find(kStatuses, response.status) != kStatuses.end();
    THROTTLE_CHECK(known);
    THROTTLE_CHECK(response.status == 405 || !response.body.empty());
    for (const auto& [name, value] : response.headers) {
      if (name != "Throttle-Fencing-Token") continue;
      THROTTLE_CHECK(response.status == 200 || response.status == 201);
      THROTTLE_CHECK(number_in(value) != 0);
    }
  }

  void hang_up(http::ExchangeId exchange) {
    end_turn();
    if (waiting_.erase(exchange) == 1) door_.abandon(exchange);
    end_turn();
  }

  void pass(Duration time) {
    end_turn();
    now_ += time;
    ledger_.advance(now_);
    end_turn();
    door_.advance(now_);
    end_turn();
    THROTTLE_CHECK(door_.next_deadline() > now_);
  }

  void reload() {
    const SemaphoreSettings a{.name = "A", .full_count = 1};
    const SemaphoreSettings b{.name = "B", .full_count = 5, .level = 1};
    const SemaphoreSettings b_smaller{.name = "B", .full_count = 2, .level = -1, .max_pending = 2};
    const SemaphoreSettings odd{.name = "/&", .full_count = 3, .order = QueueOrder::kLifo};
    const std::vector<std::vector<SemaphoreSettings>> files = {
        {a, b, odd}, {a, b_smaller}, {b, odd}, {}};
    ledger_.configure(now_, files[reloads_++ % files.size()]);
    end_turn();
  }

  void end_turn() {
    door_.observe(ledger_.events());
    ledger_.clear_events();
    for (const lease::Answer& answer : door_.take_answers())
      answered(answer.exchange, answer.response);
    const std::string violation = ledger_.check();
    if (!violation.empty()) std::cerr << violation << '\n';
    THROTTLE_CHECK(violation.empty());
    THROTTLE_CHECK(door_.parked_count() == waiting_.size());
  }

  LeaseLedger ledger_{{.seed = 1, .wall_ms = 1'000'000'000}};
  lease::LeaseDoor door_{ledger_};
  http::Router router_;
  TimePoint now_{};
  std::size_t reloads_ = 0;
  http::ExchangeId exchange_ = 0;
  std::set<http::ExchangeId> waiting_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  Session session;
  for (std::size_t steps = 0; !rest.empty() && steps < kMaxSteps; ++steps) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    session.step(line);
  }
  session.finish();
  return 0;
}
