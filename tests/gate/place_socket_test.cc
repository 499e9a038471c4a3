// A place hands its connection over as a socket, to a program that serves it by other means.
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <uv.h>

#include "libthrottle/gate/throttled_listener.h"
#include "tests/gate/gate_fixture.h"

namespace throttle::gate {
namespace {

// Serves the socket of a place by a libuv handle of its own, as a program would that keeps its
// loop.
struct PlainConnection {
  PlainConnection(uv::Loop& its_loop, Place::Socket taken)
      : loop(its_loop), received(std::move(taken.received)) {
    uv_tcp_init(loop.raw(), &tcp);
    EXPECT_EQ(uv_tcp_open(&tcp, static_cast<uv_os_sock_t>(taken.socket.release())), 0);
    tcp.data = this;
  }
  ~PlainConnection() { uv::run_briefly(loop); }

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp); }
  void read() {
    uv_read_start(
        stream(),
        [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
          auto& connection = *static_cast<PlainConnection*>(handle->data);
          *buffer =
              uv_buf_init(connection.space.data(), static_cast<unsigned>(connection.space.size()));
        },
        [](uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) noexcept {
          auto& connection = *static_cast<PlainConnection*>(stream->data);
          if (size > 0) connection.received.append(buffer->base, static_cast<std::size_t>(size));
          if (size == UV_EOF) connection.ended = true;
          connection.loop.stop();
        });
  }
  void write(std::string_view words) {
    const uv_buf_t buffer =
        uv_buf_init(const_cast<char*>(words.data()), static_cast<unsigned>(words.size()));
    EXPECT_EQ(uv_try_write(stream(), &buffer, 1), static_cast<int>(words.size()));
  }
  void close() { uv_close(reinterpret_cast<uv_handle_t*>(&tcp), nullptr); }

  uv::Loop& loop;
  uv_tcp_t tcp{};
  std::array<char, 100> space{};
  std::string received;
  bool ended = false;
};

class PlaceSocketTest : public GateTest, public ThrottledListener::Receiver {
 protected:
  PlaceSocketTest() {
    configure(0);
    listener = std::make_unique<ThrottledListener>(
        loop, runtime.hub(), ThrottledListener::Options{.semaphore = "service"}, *this);
    address = listener->listen(kAnyPort).value();
  }
  ~PlaceSocketTest() override {
    listener->stop();
    guests.clear();
  }
  void on_admitted(Place place) noexcept override { guests.push_back(std::move(place)); }
  void on_not_admitted(const Visit&, Refusal) noexcept override { ADD_FAILURE(); }
  void on_accept_failed(const Error& error) noexcept override { ADD_FAILURE() << error.message; }

  // A client that has sent `words`, and waits.
  uv::End& arrive(std::string_view words) {
    uv::End& client = connect_client(address, words);
    watch_until([&] { return listener->waiting_count() == 1; });
    uv::run_briefly(loop);
    return client;
  }

  std::unique_ptr<ThrottledListener> listener;
  SocketAddress address;
  std::vector<Place> guests;
};

TEST_F(PlaceSocketTest, IsServedByTheProgramAndHoldsThePlace) {
  uv::End& client = arrive("early ");
  configure(1);
  ASSERT_EQ(guests.size(), 1U);
  auto taken = guests.back().take_socket();
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_FALSE(taken->has_ended);

  PlainConnection connection(loop, *std::move(taken));
  connection.read();
  client.stream.write("late");
  run_until([&] { return connection.received == "early late"; });
  EXPECT_EQ(loop.open_streams(), 1U) << "the client's end, and not ours";
  connection.write("answer");
  run_until([&] { return client.bytes == "answer"; });
  EXPECT_EQ(state().acquired, 1);
  connection.close();
  run_until([&] { return client.eof; });
}

TEST_F(PlaceSocketTest, ReportsAnEndAgainThatCameWhileTheClientWaited) {
  uv::End& client = arrive("all I say");
  client.stream.shutdown();
  uv::run_briefly(loop);
  configure(1);
  ASSERT_EQ(guests.size(), 1U);
  auto taken = guests.back().take_socket();
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_TRUE(taken->has_ended);

  PlainConnection connection(loop, *std::move(taken));
  connection.read();
  run_until([&] { return connection.ended; });
  EXPECT_EQ(connection.received, "all I say");
  connection.close();
}

TEST_F(PlaceSocketTest, IsClosedIfNobodyReleasesIt) {
  uv::End& client = arrive("");
  configure(1);
  ASSERT_EQ(guests.size(), 1U);
  EXPECT_TRUE(guests.back().take_socket());
  run_until([&] { return client.eof || client.reset; });
}

}  // namespace
}  // namespace throttle::gate
