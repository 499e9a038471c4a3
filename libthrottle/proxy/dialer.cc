// How an upstream is found and connected to.
//
// The Upstream keeps the addresses and looks them up: when they are first needed, when the time
// that the name server gave them is over, when an attempt went unanswered and when a round over all
// of them failed. Its dialers use the old addresses meanwhile. A Dialer awaits addresses, attempts
// to connect to one of them, or pauses after a round; it has one deadline in the Upstream's queue
// for all three. When an answer comes in which the address of its attempt is missing, it gives that
// attempt up and begins with the new ones.
#include "libthrottle/proxy/dialer.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/deadline_queue.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/core/text.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/tcp_connector.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLookUpInterval = 1s;  // from one look-up to the next, at least
constexpr Duration kFirstPause = 50ms;    // after a round in which no address answered
constexpr Duration kLongestPause = 500ms;
constexpr Duration kFirstAttempt = 2s;  // of each address in the first round; then doubled
constexpr int kMostDoublings = 8;

// The system's words for a failure, which stand last in the message.
std::string reason_of(const Error& error) {
  const std::size_t colon = error.message.rfind(": ");
  return colon == std::string::npos ? error.message : error.message.substr(colon + 2);
}

// On the loopback, a connection that happens to come from the very port that it is meant for meets
// itself if nobody listens there (TCP's simultaneous open), and would keep the upstream from it.
bool met_itself(const uv::TcpStream& stream, std::uint16_t port) {
  const auto local = stream.local_address();
  return local && local->port == port && stream.peer_address() == *local;
}

// A dialer, as the upstream sees it.
class Dialing {
 public:
  // Its deadline, which is no longer set.
  virtual void on_due(TimePoint now) = 0;
  // There is an answer about the addresses. Calls back nobody.
  virtual void on_looked_up() = 0;

 protected:
  ~Dialing() = default;
};

}  // namespace

struct Upstream::State {
  using Slot = Slab<Dialing*>::Index;

  State(uv::Loop& event_loop, HostPort first_target, uv::Addresses known) : loop(event_loop) {
    aim(std::move(first_target), std::move(known));
  }

  void aim(HostPort at, uv::Addresses known);

  Slot enter(Dialing& dialing, TimePoint due);
  void leave(Slot slot);
  void set_due(Slot slot, TimePoint due);
  void arm();
  void on_timer();

  void freshen(TimePoint now);
  void look_up(TimePoint now);
  void on_answer(Result<uv::ResolvedHost> answer);
  void take(uv::Addresses found);
  void prefer(const SocketAddress& address);
  void reach(const SocketAddress& address);
  bool has(const SocketAddress& address) const;
  Endpoint endpoint_of(const SocketAddress& address) const;
  void notify_dialings();
  void note_failure(std::string why) {
    failure = std::move(why);
    failed_at = uv::now();
  }

  uv::Loop& loop;
  HostPort target = {};
  uv::Addresses addresses = {};
  std::size_t preferred = 0;  // which of them answered last
  bool fixed = false;         // never looked up

  std::optional<uv::Resolver> resolver = std::nullopt;  // while it looks up
  std::string look_up_failure = {};
  TimePoint expires = TimePoint::min();       // of the addresses, by what the look-up said
  TimePoint next_look_up = TimePoint::min();  // not before

  OnReached on_reached = {};
  std::optional<SocketAddress> reached = std::nullopt;
  std::string failure = {};  // why it does not serve, as far as is known
  TimePoint failed_at = TimePoint::min();

  // One timer for all dialers; it may fire for nothing, as when the earliest has gone.
  Slab<Dialing*> dialings = {};
  DeadlineQueue deadlines = {};
  uv::Timer timer{loop, uv::bound<&State::on_timer>(this)};
  TimePoint armed = kNever;
};

// A numeric host is its own address, and a Unix socket needs none.
void Upstream::State::aim(HostPort at, uv::Addresses known) {
  target = std::move(at);
  addresses = std::move(known);
  const auto ip = IpAddress::parse(target.host);
  if (ip && addresses.empty()) addresses = {{*ip, target.port}};
  if (target.is_unix()) addresses = {{IpAddress::of_unix(std::nullopt), 0}};
  fixed = !addresses.empty();
  preferred = 0;
  resolver.reset();
  look_up_failure.clear();
  failure.clear();
  reached.reset();
  expires = TimePoint::min();
  next_look_up = TimePoint::min();
}

Upstream::State::Slot Upstream::State::enter(Dialing& dialing, TimePoint due) {
  const Slot slot = dialings.allocate();
  dialings[slot] = &dialing;
  set_due(slot, due);
  return slot;
}

void Upstream::State::leave(Slot slot) {
  THROTTLE_CHECK(slot < dialings.capacity() && dialings[slot] != nullptr);
  deadlines.erase(slot);
  dialings.release(slot);
}

void Upstream::State::set_due(Slot slot, TimePoint due) {
  THROTTLE_CHECK(slot < dialings.capacity() && dialings[slot] != nullptr);
  if (deadlines.contains(slot)) {
    deadlines.move(slot, due);
  } else {
    deadlines.insert(slot, due);
  }
  arm();
}

void Upstream::State::arm() {
  if (deadlines.next() >= armed) return;
  armed = deadlines.next();
  timer.arm(armed);
}

void Upstream::State::on_timer() {
  armed = kNever;
  const TimePoint now = uv::now();
  while (const auto slot = deadlines.pop_due(now))
    dialings[*slot]->on_due(now);
  arm();
}

void Upstream::State::freshen(TimePoint now) {
  if (!fixed && now >= expires) look_up(now);
}

void Upstream::State::look_up(TimePoint now) {
  if (fixed || resolver || now < next_look_up) return;
  next_look_up = now + kLookUpInterval;
  resolver.emplace(loop, target, uv::bound<&State::on_answer>(this));
}

void Upstream::State::on_answer(Result<uv::ResolvedHost> answer) {
  const auto spent = std::exchange(resolver, std::nullopt);
  if (!answer) {
    look_up_failure = std::move(answer.error().message);
  } else {
    expires = saturating_add(uv::now(), std::max(answer->time_to_live, kLookUpInterval));
    take(std::move(answer->addresses));
  }
  notify_dialings();
}

// Name servers change the order from answer to answer: the address that answered last stays the
// first to be tried.
void Upstream::State::take(uv::Addresses found) {
  THROTTLE_CHECK(!fixed && !found.empty());
  const auto last =
      addresses.empty() ? found.begin() : std::ranges::find(found, addresses[preferred]);
  preferred = last == found.end() ? 0 : static_cast<std::size_t>(last - found.begin());
  addresses = std::move(found);
}

void Upstream::State::prefer(const SocketAddress& address) {
  const auto found = std::ranges::find(addresses, address);
  if (found != addresses.end()) preferred = static_cast<std::size_t>(found - addresses.begin());
}

void Upstream::State::reach(const SocketAddress& address) {
  prefer(address);
  if (reached == address) return;
  reached = address;
  if (on_reached) on_reached(address);
}

bool Upstream::State::has(const SocketAddress& address) const {
  return std::ranges::find(addresses, address) != addresses.end();
}

Endpoint Upstream::State::endpoint_of(const SocketAddress& address) const {
  if (!target.is_unix()) return address;
  return Endpoint::of_unix(std::string(target.unix_path()));
}

void Upstream::State::notify_dialings() {
  for (Slot slot = 0; slot < dialings.capacity(); ++slot)
    if (dialings[slot] != nullptr) dialings[slot]->on_looked_up();
}

Upstream::Upstream(uv::Loop& loop, HostPort target) : Upstream(loop, std::move(target), {}) {}

Upstream::Upstream(uv::Loop& loop, HostPort target, uv::Addresses addresses)
    : state_(std::make_unique<State>(loop, std::move(target), std::move(addresses))) {}

Upstream::~Upstream() {
  THROTTLE_CHECK(state_->dialings.size() == 0);
}

void Upstream::set_on_reached(OnReached on_reached) {
  state_->on_reached = std::move(on_reached);
}

void Upstream::note_success() {
  state_->failure.clear();
}

void Upstream::note_failure(std::string why) {
  THROTTLE_CHECK(!why.empty());
  state_->note_failure(std::move(why));
}

TimePoint Upstream::failed_at() const {
  return state_->failed_at;
}

const std::string& Upstream::failure() const {
  return state_->failure;
}

const HostPort& Upstream::target() const {
  return state_->target;
}

void Upstream::set_target(HostPort target) {
  if (target == state_->target) return;
  state_->aim(std::move(target), {});
  if (state_->fixed)
    state_->notify_dialings();
  else
    state_->look_up(uv::now());
}

// It connects, waits for the addresses, or pauses between two rounds over them.
struct Dialer::State final : Dialing {
  State(Upstream::State& of, Duration longest, OnDone callback, Rounds its_rounds)
      : upstream(of),
        on_done(callback),
        timeout(longest),
        wanted_rounds(its_rounds),
        started(uv::now()),
        deadline(saturating_add(started, timeout)),
        slot(upstream.enter(*this, deadline)) {
    begin_round(started);
  }
  ~State() { upstream.leave(slot); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void begin_round(TimePoint now);
  void try_next(TimePoint now);
  TimePoint attempt_deadline(TimePoint now) const;
  void on_attempted(Result<uv::TcpStream> stream);
  void attempt_failed(const Error& error);
  void pause(TimePoint now);
  void on_due(TimePoint now) override;
  void on_looked_up() override;
  void finish(Result<uv::TcpStream> result);
  std::string failure() const;

  Upstream::State& upstream;
  OnDone on_done;
  Duration timeout;
  Rounds wanted_rounds;
  TimePoint started;
  TimePoint deadline;
  Upstream::State::Slot slot;

  std::optional<uv::TcpConnector> connector = std::nullopt;
  bool awaits_addresses = false;
  std::size_t current_index = 0;  // the address that is tried
  SocketAddress current = {};     // the same, while the connector is there
  std::size_t left_in_round = 0;  // how many come after it
  std::size_t attempts = 0;
  int rounds = 0;  // over all addresses that are over
  Duration next_pause = kFirstPause;
  std::string reason = {};      // of the last failure
  bool only_exhausted = false;  // so were all failures of this round
};

void Dialer::State::begin_round(TimePoint now) {
  THROTTLE_CHECK(!connector && !awaits_addresses);
  upstream.freshen(now);
  if (!upstream.addresses.empty()) {
    current_index = upstream.preferred;
    left_in_round = upstream.addresses.size();
    only_exhausted = true;
    return try_next(now);
  }
  awaits_addresses = upstream.resolver.has_value();
  if (awaits_addresses) return upstream.set_due(slot, deadline);
  reason = upstream.look_up_failure;
  pause(now);
}

// From the second address of a round on, `current_index` moves; should the addresses change in the
// middle of a round, one may be left out or tried twice, and the next round makes up for it.
void Dialer::State::try_next(TimePoint now) {
  THROTTLE_CHECK(!connector);
  if (upstream.addresses.empty()) left_in_round = 0;
  for (; left_in_round > 0; ++current_index) {
    --left_in_round;
    ++attempts;
    current = upstream.addresses[current_index % upstream.addresses.size()];
    auto begun = uv::TcpConnector::start(upstream.loop, upstream.endpoint_of(current),
                                         uv::bound<&State::on_attempted>(this));
    if (begun) {
      connector = *std::move(begun);
      return upstream.set_due(slot, attempt_deadline(now));
    }
    attempt_failed(begun.error());
  }
  upstream.look_up(now);
  ++rounds;
  pause(now);
}

// An address that swallows packets gets neither the time of the others nor that of the address to
// which the host has moved meanwhile. One that is only slow gets twice the time in each round.
TimePoint Dialer::State::attempt_deadline(TimePoint now) const {
  const Duration longest = kFirstAttempt * (1 << std::min(rounds, kMostDoublings));
  const auto addresses = static_cast<Duration::rep>(left_in_round + 1);
  return now + std::min((deadline - now) / addresses, longest);
}

void Dialer::State::on_attempted(Result<uv::TcpStream> stream) {
  THROTTLE_CHECK(connector.has_value());
  connector.reset();
  if (stream && !met_itself(*stream, upstream.target.port)) {
    upstream.reach(current);
    stream->set_nodelay();
    return finish(std::move(stream));
  }
  attempt_failed(stream ? Error{ErrorCode::kUnavailable, "connection refused"} : stream.error());
  ++current_index;
  try_next(uv::now());
}

void Dialer::State::attempt_failed(const Error& error) {
  reason = reason_of(error);
  only_exhausted = only_exhausted && error.code == ErrorCode::kExhausted;
}

// After the only round, it ends in the next turn of the timer.
void Dialer::State::pause(TimePoint now) {
  if (wanted_rounds == Rounds::kOne) deadline = now;
  upstream.set_due(slot, std::min(deadline, saturating_add(now, next_pause)));
  next_pause = std::min(next_pause * 2, kLongestPause);
}

void Dialer::State::on_due(TimePoint now) {
  const bool silent = connector.has_value();
  connector.reset();
  if (now >= deadline) {
    if (silent && reason.empty()) reason = "no answer";
    const bool exhausted = only_exhausted && !silent;
    return finish(fail(exhausted ? ErrorCode::kExhausted : ErrorCode::kUnavailable, failure()));
  }
  if (!silent) return begin_round(now);
  attempt_failed({ErrorCode::kUnavailable, "no answer"});
  upstream.look_up(now);  // the host may have moved, and the old address swallows packets
  ++current_index;
  try_next(now);
}

void Dialer::State::on_looked_up() {
  const bool moved = connector.has_value() && !upstream.fixed && !upstream.has(current);
  if (moved) {
    connector.reset();
    attempt_failed({ErrorCode::kUnavailable, "no answer"});
  }
  if (std::exchange(awaits_addresses, false) || moved) begin_round(uv::now());
}

void Dialer::State::finish(Result<uv::TcpStream> result) {
  THROTTLE_CHECK(!connector);
  upstream.deadlines.erase(slot);
  if (!result && result.error().code != ErrorCode::kExhausted)
    upstream.note_failure(result.error().message);
  const OnDone callback = on_done;
  callback(std::move(result));
}

std::string Dialer::State::failure() const {
  const std::string what = "cannot connect to " + upstream.target.to_string() + ": ";
  const std::string length = format_duration(timeout);
  if (wanted_rounds == Rounds::kOne && !reason.empty()) return what + reason;
  if (attempts == 0) {
    return what + (reason.empty() ? "its address was not found in time" : reason) + " (tried for " +
           length + ")";
  }
  return what + reason + " (" + counted(attempts, "attempt") + " in " + length + ")";
}

Dialer::Dialer(Upstream& upstream, Duration timeout, OnDone on_done, Rounds rounds)
    : state_(std::make_unique<State>(*upstream.state_, timeout, on_done, rounds)) {}
Dialer::~Dialer() = default;

std::size_t Dialer::attempts() const {
  return state_->attempts;
}

}  // namespace throttle::proxy
