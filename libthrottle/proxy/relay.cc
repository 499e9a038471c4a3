#include "libthrottle/proxy/relay.h"

#include <utility>

#include "libthrottle/uv/loop.h"

namespace throttle::proxy {

// Both sides, and the flow that decides. Every entry from the loop tells the flow what happened and
// then settles: does what has become due. It ends there, for the receiver may destroy the engine.
class Relay::Engine {
 public:
  Engine(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes);

  void abort();
  const RelayFlow& flow() const { return flow_; }
  TimePoint last_activity() const { return last_activity_; }
  std::size_t queued_bytes() const { return client_.queued_bytes() + upstream_.queued_bytes(); }

 private:
  // One end: its stream, and what the stream tells.
  struct End final : uv::TcpStream::Receiver {
    End(Engine& its_engine, RelaySide its_side, uv::TcpStream its_stream)
        : engine(its_engine), side(its_side), stream(std::move(its_stream)) {}
    void on_bytes(std::string_view bytes) noexcept override { engine.carry(*this, bytes); }
    void on_eof() noexcept override;
    void on_drained() noexcept override;
    void on_reset() noexcept override;
    void on_failed(const Error&) noexcept override;
    std::size_t queued_bytes() const { return stream.is_open() ? stream.queued_bytes() : 0; }

    Engine& engine;
    const RelaySide side;
    uv::TcpStream stream;
  };

  End& opposite(const End& end) { return end.side == RelaySide::kClient ? upstream_ : client_; }
  void begin(End& end);
  void carry(End& from, std::string_view bytes);
  void settle();
  void settle(End& end);
  void finish();
  void touch() { last_activity_ = loop_.turn_time(); }

  uv::Loop& loop_;
  Receiver& receiver_;
  RelayFlow flow_;
  TimePoint last_activity_;
  End client_;
  End upstream_;
};

Relay::Engine::Engine(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes)
    : loop_(loop),
      receiver_(receiver),
      flow_(buffer_bytes),
      last_activity_(loop.turn_time()),
      client_(*this, RelaySide::kClient, std::move(ends.client)),
      upstream_(*this, RelaySide::kUpstream, std::move(ends.upstream)) {
  begin(client_);
  begin(upstream_);
  if (!ends.early.empty()) carry(client_, ends.early);
  if (ends.client_ended) flow_.ended(RelaySide::kClient);
  settle();  // cannot end it: the upstream's end is heard from the loop only
}

void Relay::Engine::begin(End& end) {
  end.stream.set_receiver(end);
  end.stream.set_nodelay();
}

void Relay::Engine::carry(End& from, std::string_view bytes) {
  End& to = opposite(from);
  to.stream.write(bytes);
  flow_.moved(from.side, bytes.size(), to.stream.queued_bytes());
  touch();
  if (!flow_.reads(from.side)) from.stream.stop_reading();
}

void Relay::Engine::End::on_eof() noexcept {
  engine.flow_.ended(side);
  engine.settle();
}

void Relay::Engine::End::on_drained() noexcept {
  engine.flow_.drained(side);
  engine.touch();
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
}

void Relay::Engine::settle(End& end) {
  if (flow_.reads(end.side)) {
    end.stream.start_reading();
  } else {
    end.stream.stop_reading();
  }
  if (flow_.shuts(end.side)) end.stream.shutdown();
}

void Relay::Engine::finish() {
  const RelayEnd end = *flow_.end();
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
  if (client_.stream.is_open()) client_.stream.close_with_reset();
  if (upstream_.stream.is_open()) upstream_.stream.close_with_reset();
}

Relay::Relay(uv::Loop& loop, Ends ends, Receiver& receiver, std::size_t buffer_bytes)
    : engine_(std::make_unique<Engine>(loop, std::move(ends), receiver, buffer_bytes)) {}

Relay::~Relay() = default;

void Relay::abort() {
  engine_->abort();
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

TimePoint Relay::last_activity() const {
  return engine_->last_activity();
}

}  // namespace throttle::proxy
