// The engine of a relay: moves what the flow (relay_flow.h) decides, by copying or by splicing.
#include "libthrottle/proxy/relay.h"

#include <chrono>
#include <optional>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/proxy/bulk_detector.h"
#include "libthrottle/proxy/unanswered.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/departure_watch.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/splice_pump.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {
namespace {

// The most that one read brings.
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

// From one look to the next at what the client has received of an upstream that is gone.
constexpr Duration kDeliveryInterval = std::chrono::milliseconds(20);

}  // namespace

// Both sides, and the flow that decides. Every entry from the loop reports to the flow what
// happened and then settles: it does what has become due. It ends there, for the receiver may
// destroy the engine.
class Relay::Engine {
 public:
  Engine(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes);

  void abort();
  void probe_upstream(Duration idle) {
    if (upstream_.stream.is_open()) upstream_.stream.set_keepalive(idle);
  }
  std::optional<RelaySide> find_vanished(Duration limit, TimePoint now);
  const RelayFlow& flow() const { return flow_; }
  TimePoint last_activity() const { return last_activity_; }
  TimePoint last_heard() const { return last_heard_; }
  std::size_t queued_bytes() const { return client_.queued_bytes() + upstream_.queued_bytes(); }

 private:
  // One end: its stream, and what the stream reports.
  struct End final : uv::TcpStream::Receiver {
    End(Engine& owner, RelaySide which, uv::TcpStream connected)
        : engine(owner), side(which), stream(std::move(connected)), pump(owner.loop_) {}
    void on_bytes(std::string_view bytes) noexcept override {
      engine.carry(*this, bytes, engine.ends_behind_first_bytes(*this));
    }
    void on_eof() noexcept override;
    void on_drained() noexcept override;
    void on_reset() noexcept override;
    void on_failed(const Error&) noexcept override;
    void on_readable() noexcept override { engine.splice(*this); }
    std::size_t queued_bytes() const {
      return (stream.is_open() ? stream.queued_bytes() : 0) + pump.held_bytes();
    }

    Engine& engine;
    const RelaySide side;
    uv::TcpStream stream;
    // Of what it sends:
    BulkDetector bulk;
    uv::SplicePump pump;
    // Of what it is sent:
    Unanswered unanswered;
  };

  End& opposite(const End& end) { return end.side == RelaySide::kClient ? upstream_ : client_; }
  void begin(End& end);
  void carry(End& from, std::string_view bytes, bool are_last);
  bool ends_behind_first_bytes(End& from);
  void splice(End& from);
  bool may_splice(const End& from) const;
  void settle();
  void settle(End& end);
  bool has_handed_over();
  void on_delivery_due() { settle(); }
  void watch_client();
  void on_client_departed(uv::Departure departure);
  bool may_be_retried(const End& end) const;
  void hand_back();
  void finish();
  void touch() { last_activity_ = loop_.turn_time(); }
  void touch(const End& from) {
    touch();
    if (from.side == RelaySide::kUpstream) last_heard_ = last_activity_;
  }

  uv::Loop& loop_;
  Receiver& receiver_;
  RelayFlow flow_;
  const std::size_t most_waiting_;  // each way, copied or spliced
  const TimePoint retry_until_;
  const std::size_t early_bytes_;
  TimePoint last_activity_;
  TimePoint last_heard_ = TimePoint::min();
  End client_;
  End upstream_;
  // Of a client that has ended: whether it is still there. Dies before its stream is closed.
  std::optional<uv::DepartureWatch> client_watch_;
  // Of an upstream that is gone:
  std::optional<uv::Timer> delivery_timer_;
  std::uint64_t delivered_bytes_ = 0;
};

Relay::Engine::Engine(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes)
    : loop_(loop),
      receiver_(receiver),
      flow_(buffer_bytes),
      most_waiting_(buffer_bytes + kReadBytes),
      retry_until_(ends.retry_until),
      early_bytes_(ends.early.size()),
      last_activity_(loop.turn_time()),
      client_(*this, RelaySide::kClient, std::move(ends.client)),
      upstream_(*this, RelaySide::kUpstream, std::move(ends.upstream)) {
  begin(client_);
  begin(upstream_);
  if (!ends.early.empty()) carry(client_, ends.early, ends.client_ended);
  if (ends.client_ended) flow_.ended(RelaySide::kClient);
  settle();  // cannot end it: the upstream's end is heard from the loop only
}

void Relay::Engine::begin(End& end) {
  end.stream.set_receiver(end);
  end.stream.set_nodelay();
}

// An upstream that answers once mostly ends with its answer, and the client can be sent both in one
// segment. To look costs a call, so it is done once for a connection.
bool Relay::Engine::ends_behind_first_bytes(End& from) {
  const bool are_first = flow_.bytes_from(from.side) == 0;
  return from.side == RelaySide::kUpstream && are_first && from.stream.has_ended();
}

void Relay::Engine::carry(End& from, std::string_view bytes, bool are_last) {
  End& to = opposite(from);
  THROTTLE_CHECK(to.stream.is_open());
  are_last ? to.stream.write_last(bytes) : to.stream.write(bytes);
  flow_.moved(from.side, bytes.size(), to.stream.queued_bytes());
  touch(from);
  from.bulk.moved(bytes.size());
  if (are_last) {
    flow_.ended(from.side);
    settle();
  } else if (!flow_.reads(from.side) || may_splice(from)) {
    settle(from);
  }
}

bool Relay::Engine::may_splice(const End& from) const {
  return from.bulk.is_bulk() && uv::SplicePump::is_available() && !flow_.waits(other(from.side));
}

void Relay::Engine::splice(End& from) {
  using State = uv::SplicePump::State;
  End& to = opposite(from);
  THROTTLE_CHECK(from.stream.is_open() && to.stream.is_open());
  const auto moved = from.pump.move(from.stream, to.stream, most_waiting_);
  if (moved.bytes > 0) {
    flow_.moved(from.side, moved.bytes, from.pump.held_bytes() + to.stream.queued_bytes());
    from.bulk.moved(moved.bytes);
    touch(from);
  }
  switch (moved.state) {
    case State::kFlowing:
      if (may_splice(from)) return;
      break;
    case State::kHeld:
      flow_.filled(to.side);
      break;
    case State::kSourceEnded:
      flow_.ended(from.side);
      break;
    case State::kSourceReset:
      flow_.was_reset(from.side);
      break;
    case State::kSourceFailed:
      flow_.failed(from.side);
      break;
    case State::kUnavailable:
      from.bulk = {};
      break;
  }
  settle();
}

void Relay::Engine::End::on_eof() noexcept {
  if (engine.may_be_retried(*this)) return engine.hand_back();
  engine.flow_.ended(side);
  engine.settle();
}

void Relay::Engine::End::on_drained() noexcept {
  engine.touch();
  End& from = engine.opposite(*this);
  if (from.pump.go_on(stream) == uv::SplicePump::State::kHeld) return;
  engine.flow_.drained(side);
  engine.settle();
}

void Relay::Engine::End::on_reset() noexcept {
  if (engine.may_be_retried(*this)) return engine.hand_back();
  engine.flow_.was_reset(side);
  engine.settle();
}

void Relay::Engine::End::on_failed(const Error&) noexcept {
  engine.flow_.failed(side);
  engine.settle();
}

void Relay::Engine::settle() {
  if (flow_.hands_over() && has_handed_over()) flow_.handed_over();
  if (flow_.end()) return finish();
  settle(client_);
  settle(upstream_);
  watch_client();
}

// The reset that follows would destroy what the client's system has not received yet; what it has
// received its program can still read.
bool Relay::Engine::has_handed_over() {
  if (flow_.waits(RelaySide::kClient)) return false;
  const auto delivery = client_.stream.delivery();
  if (!delivery || delivery->is_complete) return true;
  if (delivery->acknowledged_bytes > std::exchange(delivered_bytes_, delivery->acknowledged_bytes))
    touch();
  if (!delivery_timer_) delivery_timer_.emplace(loop_, uv::bound<&Engine::on_delivery_due>(this));
  delivery_timer_->arm(uv::now() + kDeliveryInterval);
  return false;
}

// A stream that is not read any more hears nothing by itself, and the answer may take for ever. Not
// so for the upstream: what it said before it went is still to be passed on.
void Relay::Engine::watch_client() {
  const bool is_read = !flow_.has_ended(RelaySide::kClient) && !flow_.hands_over();
  if (client_watch_ || is_read) return;
  client_watch_ = uv::DepartureWatch::start(loop_, client_.stream, uv::DepartureWatch::What::kReset,
                                            uv::bound<&Engine::on_client_departed>(this));
}

void Relay::Engine::on_client_departed(uv::Departure departure) {
  if (departure != uv::Departure::kReset) return;
  flow_.was_reset(RelaySide::kClient);
  settle();
}

void Relay::Engine::settle(End& end) {
  if (!flow_.reads(end.side)) {
    end.stream.stop_reading();
  } else if (may_splice(end)) {
    end.stream.start_watching();
  } else {
    end.stream.start_reading();
  }
  if (flow_.shuts(end.side)) end.stream.shutdown();
}

// What accepted the connection may stand before a service that is not there yet. The client has
// noticed nothing, and no service has anything of it.
bool Relay::Engine::may_be_retried(const End& end) const {
  if (end.side != RelaySide::kUpstream || loop_.turn_time() >= retry_until_) return false;
  return flow_.bytes_from(RelaySide::kClient) == early_bytes_ &&
         flow_.bytes_from(RelaySide::kUpstream) == 0 && !flow_.has_ended(RelaySide::kClient);
}

void Relay::Engine::hand_back() {
  THROTTLE_CHECK(!flow_.end() && !client_watch_ && !delivery_timer_);
  upstream_.stream.close();
  client_.stream.stop_reading();
  receiver_.on_hung_up(std::move(client_.stream));
}

void Relay::Engine::finish() {
  THROTTLE_CHECK(flow_.end().has_value() && client_.stream.is_open());
  const RelayEnd end = *flow_.end();
  client_watch_.reset();
  delivery_timer_.reset();
  if (end == RelayEnd::kFinished) {
    client_.stream.close();
    upstream_.stream.close();
  } else {
    // A reset of the side that is broken already does no harm.
    abort();
  }
  receiver_.on_relay_ended({.end = end,
                            .bytes_up = flow_.bytes_from(RelaySide::kClient),
                            .bytes_down = flow_.bytes_from(RelaySide::kUpstream)});
}

std::optional<RelaySide> Relay::Engine::find_vanished(Duration limit, TimePoint now) {
  for (End* end : {&client_, &upstream_}) {
    const auto delivery = end->stream.delivery();
    if (delivery && end->unanswered.is_over(*delivery, limit, now)) return end->side;
  }
  return std::nullopt;
}

void Relay::Engine::abort() {
  client_watch_.reset();
  delivery_timer_.reset();
  if (client_.stream.is_open()) client_.stream.close_with_reset();
  if (upstream_.stream.is_open()) upstream_.stream.close_with_reset();
}

Relay::Relay(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes)
    : engine_(std::make_unique<Engine>(loop, std::move(ends), receiver, buffer_bytes)) {}

Relay::~Relay() = default;

void Relay::abort() {
  engine_->abort();
}

void Relay::probe_upstream(Duration idle) {
  engine_->probe_upstream(idle);
}

std::optional<RelaySide> Relay::find_vanished(Duration limit, TimePoint now) {
  return engine_->find_vanished(limit, now);
}

std::uint64_t Relay::bytes_up() const {
  return engine_->flow().bytes_from(RelaySide::kClient);
}

std::uint64_t Relay::bytes_down() const {
  return engine_->flow().bytes_from(RelaySide::kUpstream);
}

std::size_t Relay::queued_bytes() const {
  return engine_->queued_bytes();
}

bool Relay::upstream_ended() const {
  return engine_->flow().has_ended(RelaySide::kUpstream) || engine_->flow().hands_over();
}

TimePoint Relay::last_activity() const {
  return engine_->last_activity();
}

TimePoint Relay::last_heard() const {
  return engine_->last_heard();
}

}  // namespace throttle::proxy
