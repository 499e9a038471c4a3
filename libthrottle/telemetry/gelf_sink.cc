#include "libthrottle/telemetry/gelf_sink.h"

#include <utility>

#include "libthrottle/uv/clock.h"

namespace throttle::telemetry {

GelfSink::GelfSink(uv::Loop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      next_look_up_(loop, uv::bound<&GelfSink::look_up>(this)),
      next_id_(options_.seed) {
  look_up();
}

void GelfSink::look_up() {
  resolver_.emplace(loop_, options_.server, uv::bound<&GelfSink::on_resolved>(this));
}

void GelfSink::on_resolved(Result<uv::Addresses> addresses) {
  if (addresses && (!socket_ || address_ != addresses->front())) {
    address_ = addresses->front();
    socket_.emplace(loop_, address_);
    for (const Datagrams& datagrams : std::exchange(held_, {}))
      send(datagrams);
  }
  next_look_up_.arm(saturating_add(uv::now(), socket_ ? kRefreshInterval : kRetryInterval));
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
  bool whole = !datagrams.empty();
  for (const std::string& datagram : datagrams)
    whole = whole && socket_->send(datagram).has_value();
  if (!whole) ++lost_;
}

void GelfSink::hold(Datagrams datagrams) {
  std::size_t bytes = 0;
  for (const std::string& datagram : datagrams)
    bytes += datagram.size();
  if (held_bytes_ + bytes > kHeldBytes) {
    ++lost_;
    return;
  }
  held_bytes_ += bytes;
  held_.push_back(std::move(datagrams));
}

}  // namespace throttle::telemetry
