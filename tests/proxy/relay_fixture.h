// A relay between two ends of this process, over the loopback.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "libthrottle/proxy/relay.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::proxy {

inline constexpr std::size_t kMega = std::size_t{1} << 20U;

// client <-> relay <-> upstream
class RelayTest : public uv::TcpTest, public Relay::Receiver {
 protected:
  void make_relay(std::string early = {}, bool client_ended = false,
                  TimePoint retry_until = TimePoint::min()) {
    make_pair();
    client.emplace(loop, std::move(client_end->stream));
    auto client_side = std::move(server_end->stream);
    make_pair();
    upstream.emplace(loop, std::move(server_end->stream));
    relay.emplace(loop,
                  Relay::Ends{.client = std::move(client_side),
                              .upstream = std::move(client_end->stream),
                              .early = std::move(early),
                              .client_ended = client_ended,
                              .retry_until = retry_until},
                  *this);
  }

  void on_relay_ended(const RelayOutcome& its_outcome) noexcept override {
    EXPECT_FALSE(outcome) << "reported once";
    outcome = its_outcome;
    if (destroy_when_ended) relay.reset();
    loop.stop();
  }

  void on_hung_up(uv::TcpStream handed_back) noexcept override {
    relay.reset();
    client_again.emplace(std::move(handed_back));
    loop.stop();
  }

  void read_both() {
    client->stream.start_reading();
    upstream->stream.start_reading();
  }

  // Bytes in which no piece looks like another.
  static std::string noise(std::size_t size, std::uint64_t seed) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<char>(seed >> 56U);
    }
    return bytes;
  }

  std::optional<uv::End> client;
  std::optional<uv::End> upstream;
  std::optional<Relay> relay;
  std::optional<RelayOutcome> outcome;
  std::optional<uv::TcpStream> client_again;  // that an upstream hung up on
  bool destroy_when_ended = false;
};

}  // namespace throttle::proxy
