// A wire that is a plain TCP stream. Threads: the loop's.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/wire.h"

namespace throttle::uv {

class TcpWire final : public Wire {
 public:
  explicit TcpWire(TcpStream stream) : stream_(std::move(stream)) {}

  void set_receiver(Receiver& receiver) override { stream_.set_receiver(receiver); }
  void start_reading() override { stream_.start_reading(); }
  void stop_reading() override { stream_.stop_reading(); }
  void write(std::string_view bytes) override { stream_.write(bytes); }
  std::size_t queued_bytes() const override { return stream_.queued_bytes(); }
  void shutdown() override { stream_.shutdown(); }
  void close() override { stream_.close(); }
  void close_with_reset() override { stream_.close_with_reset(); }
  bool is_open() const override { return stream_.is_open(); }

 private:
  TcpStream stream_;
};

}  // namespace throttle::uv
