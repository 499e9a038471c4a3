// The addresses of a server are tried in the resolver's order. An address that swallows packets
// must not use up the time of all: each attempt gets an equal share of what is left.
#include "libthrottle/client/connecting.h"

#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/tcp_wire.h"

namespace throttle::client {

Connecting::Connecting(uv::Loop& loop, HostPort server, TimePoint deadline, OnDone on_done)
    : loop_(loop),
      server_(std::move(server)),
      deadline_(deadline),
      on_done_(on_done),
      timer_(loop, uv::bound<&Connecting::on_due>(this)) {
  timer_.arm(deadline_);
  resolver_.emplace(loop_, server_, uv::bound<&Connecting::on_resolved>(this));
}

void Connecting::on_resolved(Result<uv::ResolvedHost> host) {
  if (!host) return on_done_(tl::unexpected(std::move(host).error()));
  THROTTLE_CHECK(!host->addresses.empty());
  addresses_ = std::move(host->addresses);
  try_next();
}

void Connecting::try_next() {
  while (next_ < addresses_.size()) {
    arm_for_attempt();
    auto attempt = uv::TcpConnector::start(loop_, addresses_[next_++],
                                           uv::bound<&Connecting::on_connected>(this));
    if (attempt) {
      connector_ = *std::move(attempt);
      return;
    }
    failure_ = std::move(attempt).error();
  }
  THROTTLE_CHECK(failure_);
  on_done_(tl::unexpected(*std::move(failure_)));
}

void Connecting::arm_for_attempt() {
  if (deadline_ == kNever) return;
  THROTTLE_CHECK(next_ < addresses_.size());
  const auto left = static_cast<std::int64_t>(addresses_.size() - next_);
  const TimePoint now = uv::now();
  timer_.arm(now >= deadline_ ? deadline_ : now + (deadline_ - now) / left);
}

void Connecting::on_connected(Result<uv::TcpStream> stream) {
  if (!stream) {
    failure_ = std::move(stream).error();
    return try_next();
  }
  timer_.disarm();
  stream->set_nodelay();
  on_done_(std::make_unique<uv::TcpWire>(*std::move(stream)));
}

void Connecting::on_due() {
  const bool looking_up = addresses_.empty();
  failure_ = Error{ErrorCode::kUnavailable,
                   looking_up ? "the name " + server_.host + " was not found out in time"
                              : "cannot connect to " + addresses_[next_ - 1].to_string() +
                                    ": no answer in time"};
  if (looking_up || uv::now() >= deadline_) return on_done_(tl::unexpected(*failure_));
  try_next();
}

}  // namespace throttle::client
