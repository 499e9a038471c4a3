// Where the GELF server is, and what is held back until that is known.
#include "libthrottle/telemetry/gelf_sink.h"

#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/clock.h"

namespace throttle::telemetry {

GelfSink::GelfSink(uv::Loop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      next_look_up_(loop, uv::bound<&GelfSink::look_up>(this)),
      held_until_(saturating_add(uv::now(), options_.hold)),
      next_id_(options_.seed) {
  look_up();
}

void GelfSink::look_up() {
  resolver_.emplace(loop_, options_.server, uv::bound<&GelfSink::on_resolved>(this));
}

void GelfSink::on_resolved(Result<uv::ResolvedHost> host) {
  if (host)
    on_known(host->addresses.front());
  else if (!socket_)
    on_unknown(host.error());
  next_look_up_.arm(saturating_add(uv::now(), socket_ ? kRefreshInterval : options_.retry));
}

void GelfSink::on_known(const SocketAddress& address) {
  if (socket_ && address_ == address) return;
  address_ = address;
  socket_.emplace(loop_, address_);
  for (const Datagrams& datagrams : std::exchange(held_, {}))
    send(datagrams);
  if (!std::exchange(reported_, false)) return;
  log_.info("the name of the GELF server is known now",
            {{"host", options_.server.host}, {"lost", lost_}});
}

void GelfSink::on_unknown(const Error& error) {
  if (!std::exchange(reported_, true))
    log_.warn("the GELF server gets no log until its name is known", {{"reason", error.message}});
  if (uv::now() < held_until_) return;
  holding_ = false;
  lost_ += std::exchange(held_, {}).size();
}

void GelfSink::accept(const Record& record) noexcept {
  Datagrams datagrams = encode_gelf(record, options_.format, next_id_++);
  if (socket_) {
    send(datagrams);
  } else {
    hold(std::move(datagrams));
  }
}

void GelfSink::send(const Datagrams& datagrams) {
  THROTTLE_CHECK(socket_.has_value());
  bool whole = !datagrams.empty();
  for (const std::string& datagram : datagrams)
    whole = whole && socket_->send(datagram).has_value();
  if (!whole) ++lost_;
}

void GelfSink::hold(Datagrams datagrams) {
  THROTTLE_CHECK(!socket_);
  std::size_t bytes = 0;
  for (const std::string& datagram : datagrams)
    bytes += datagram.size();
  if (!holding_ || held_bytes_ + bytes > kHeldBytes) {
    ++lost_;
    return;
  }
  held_bytes_ += bytes;
  held_.push_back(std::move(datagrams));
}

}  // namespace throttle::telemetry
