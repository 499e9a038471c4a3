#include "libthrottle/proxy/relay.h"

#include <optional>
#include <utility>

#include "libthrottle/proxy/relay_gait.h"
#include "libthrottle/uv/departure_watch.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/splice_pump.h"

namespace throttle::proxy {
namespace {

// The most that one read brings.
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

}  // namespace

// Both sides, and the flow that decides. Every entry from the loop tells the flow what happened and
// then settles: does what has become due. It ends there, for the receiver may destroy the engine.
class Relay::Engine {
 public:
  Engine(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes);

  void abort();
  void probe_upstream(Duration idle) {
    if (upstream_.stream.is_open()) upstream_.stream.set_keepalive(idle);
  }
  const RelayFlow& flow() const { return flow_; }
  TimePoint last_activity() const { return last_activity_; }
  std::size_t queued_bytes() const { return client_.queued_bytes() + upstream_.queued_bytes(); }

 private:
  // One end: its stream, and what the stream tells.
  struct End final : uv::TcpStream::Receiver {
    End(Engine& its_engine, RelaySide its_side, uv::TcpStream its_stream)
        : engine(its_engine),
          side(its_side),
          stream(std::move(its_stream)),
          pump(its_engine.loop_) {}
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
    RelayGait gait;
    uv::SplicePump pump;
  };

  End& opposite(const End& end) { return end.side == RelaySide::kClient ? upstream_ : client_; }
  void begin(End& end);
  void carry(End& from, std::string_view bytes, bool are_last);
  bool ends_behind_first_bytes(End& from);
  void splice(End& from);
  bool may_splice(const End& from) const;
  void settle();
  void settle(End& end);
  void watch_client();
  void on_client_departed(uv::Departure departure);
  void finish();
  void touch() { last_activity_ = loop_.turn_time(); }

  uv::Loop& loop_;
  Receiver& receiver_;
  RelayFlow flow_;
  const std::size_t most_waiting_;  // each way, copied or spliced
  TimePoint last_activity_;
  End client_;
  End upstream_;
  // Of a client that has ended: whether it is still there. Dies before its stream is closed.
  std::optional<uv::DepartureWatch> client_watch_;
};

Relay::Engine::Engine(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes)
    : loop_(loop),
      receiver_(receiver),
      flow_(buffer_bytes),
      most_waiting_(buffer_bytes + kReadBytes),
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
  are_last ? to.stream.write_last(bytes) : to.stream.write(bytes);
  flow_.moved(from.side, bytes.size(), to.stream.queued_bytes());
  touch();
  from.gait.moved(bytes.size());
  if (are_last) {
    flow_.ended(from.side);
    settle();
  } else if (!flow_.reads(from.side) || may_splice(from)) {
    settle(from);
  }
}

bool Relay::Engine::may_splice(const End& from) const {
  return from.gait.is_bulk() && uv::SplicePump::is_available() && !flow_.waits(other(from.side));
}

void Relay::Engine::splice(End& from) {
  using State = uv::SplicePump::State;
  End& to = opposite(from);
  const auto moved = from.pump.move(from.stream, to.stream, most_waiting_);
  if (moved.bytes > 0) {
    flow_.moved(from.side, moved.bytes, from.pump.held_bytes() + to.stream.queued_bytes());
    from.gait.moved(moved.bytes);
    touch();
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
      from.gait = {};
      break;
  }
  settle();
}

void Relay::Engine::End::on_eof() noexcept {
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
  engine.flow_.was_reset(side);
  engine.settle();
}

void Relay::Engine::End::on_failed(const Error&) noexcept {
  engine.flow_.failed(side);
  engine.settle();
}

void Relay::Engine::settle() {
  if (flow_.end()) return finish();
  settle(client_);
  settle(upstream_);
  watch_client();
}

// A stream whose end was read hears nothing more by itself, and the answer may take for ever. Not
// so for the upstream: what it said before it went is still to be passed on.
void Relay::Engine::watch_client() {
  if (client_watch_ || !flow_.has_ended(RelaySide::kClient)) return;
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

void Relay::Engine::finish() {
  const RelayEnd end = *flow_.end();
  client_watch_.reset();
  if (end == RelayEnd::kFinished) {
    client_.stream.close();
    upstream_.stream.close();
  } else {
    // The broken one has nobody to be told; a reset of it does no harm.
    abort();
  }
  receiver_.on_relay_ended({.end = end,
                            .bytes_up = flow_.bytes_from(RelaySide::kClient),
                            .bytes_down = flow_.bytes_from(RelaySide::kUpstream)});
}

void Relay::Engine::abort() {
  client_watch_.reset();
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
  return engine_->flow().has_ended(RelaySide::kUpstream);
}

TimePoint Relay::last_activity() const {
  return engine_->last_activity();
}

}  // namespace throttle::proxy
