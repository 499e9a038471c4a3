// Two ends of a TCP connection over the loopback on one loop, and a receiver that writes down what
// it receives.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/tcp_connector.h"
#include "libthrottle/uv/tcp_listener.h"
#include "libthrottle/uv/tcp_stream.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {

inline const SocketAddress kAnyLoopbackPort{IpAddress::from_v4({127, 0, 0, 1}), 0};

// Takes every connection, or leaves it if `taking` is false. Stops the loop at each event.
struct ListeningEnd final : TcpListener::Receiver {
  explicit ListeningEnd(Loop& its_loop, const Endpoint& address = kAnyLoopbackPort)
      : loop(its_loop), listener(TcpListener::listen(loop, address, *this)) {
    EXPECT_TRUE(listener) << (listener ? "" : listener.error().message);
  }
  void on_connection() noexcept override {
    ++announced;
    while (taking) {
      auto stream = listener->accept();
      if (!stream) break;
      streams.push_back(*std::move(stream));
    }
    loop.stop();
  }
  void on_accept_failed(const Error& error) noexcept override {
    failure = error;
    loop.stop();
  }

  Loop& loop;
  Result<TcpListener> listener;
  bool taking = true;
  int announced = 0;
  std::vector<TcpStream> streams;
  std::optional<Error> failure;
};

// One end. Stops the loop at each event.
struct End final : TcpStream::Receiver {
  End(Loop& its_loop, TcpStream its_stream) : loop(its_loop), stream(std::move(its_stream)) {
    stream.set_receiver(*this);
  }
  void on_bytes(std::string_view read) noexcept override {
    bytes.append(read);
    ++reads;
    told();
  }
  void on_eof() noexcept override {
    eof = true;
    told();
  }
  void on_drained() noexcept override {
    ++drained;
    told();
  }
  void on_reset() noexcept override {
    reset = true;
    told();
  }
  void on_failed(const Error& error) noexcept override {
    failure = error;
    told();
  }
  void told() {
    loop.stop();
    if (on_event) on_event();
  }

  Loop& loop;
  TcpStream stream;
  std::function<void()> on_event;
  std::string bytes;
  int reads = 0;
  int drained = 0;
  bool eof = false;
  bool reset = false;
  std::optional<Error> failure;
};

class TcpTest : public testing::Test {
 protected:
  // Runs until `reached()`; fails after kPatience without an event.
  template <typename Condition>
  void run_until(Condition reached) {
    while (!reached() && !HasFailure())
      run_until_stopped(loop);
  }

  // For what no event reports: looks again every other millisecond; fails after kPatience.
  template <typename Condition>
  void watch_until(Condition reached) {
    for (const TimePoint give_up = now() + kPatience; !reached() && now() < give_up;)
      run_briefly(loop, std::chrono::milliseconds(2));
    EXPECT_TRUE(reached());
  }

  TcpStream connect(const Endpoint& target) {
    Result<TcpStream> connected = fail(ErrorCode::kUnavailable, "not yet");
    bool done = false;
    auto on_done = [&](Result<TcpStream> result) {
      connected = std::move(result);
      done = true;
      loop.stop();
    };
    auto connector = TcpConnector::start(loop, target, on_done);
    EXPECT_TRUE(connector);
    run_until([&] { return done; });
    EXPECT_TRUE(connected);
    return *std::move(connected);
  }

  // That many clients of acceptor, one after the other.
  std::vector<TcpStream> connect_many(std::size_t count) {
    std::vector<TcpStream> clients;
    clients.reserve(count);
    while (clients.size() < count)
      clients.push_back(connect(acceptor.listener->local_address()));
    return clients;
  }

  // Connects client_end and server_end.
  void make_pair() {
    client_end.emplace(loop, connect(acceptor.listener->local_address()));
    run_until([&] { return !acceptor.streams.empty(); });
    server_end.emplace(loop, std::move(acceptor.streams.back()));
    acceptor.streams.pop_back();
  }

  Loop loop;
  ListeningEnd acceptor{loop};
  std::optional<End> client_end;
  std::optional<End> server_end;
};

}  // namespace throttle::uv
