// What goes along with what in one segment, as the system counts them, and what is known of a
// stream before the loop comes round.
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>

#include "tests/uv/descriptor_of_peer.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

// What <linux/tcp.h> has and <netinet/tcp.h>, beside which it cannot stand, does not yet.
struct TcpCounts {
  tcp_info older;
  std::uint64_t pacing_rates[2];
  std::uint64_t bytes[2];
  std::uint32_t segments_sent;
};

// Sent so far by the socket of this process whose other end is there.
std::uint32_t segments_to(const SocketAddress& peer) {
  TcpCounts counts{};
  socklen_t size = sizeof counts;
  EXPECT_EQ(getsockopt(descriptor_to(peer), IPPROTO_TCP, TCP_INFO, &counts, &size), 0);
  return counts.segments_sent;
}

class SegmentsTest : public TcpTest {
 protected:
  // Connects, and calls `on_connected` from within the connector's callback.
  void connect_and(const std::function<void()>& on_connected) {
    auto on_done = [&](Result<TcpStream> stream) {
      ASSERT_TRUE(stream);
      client_end.emplace(loop, *std::move(stream));
      on_connected();
      loop.stop();
    };
    const auto connector = TcpConnector::start(loop, target(), on_done);
    ASSERT_TRUE(connector);
    run_until([&] { return client_end.has_value(); });
  }
  SocketAddress target() const { return acceptor.listener->local_address(); }
};

TEST_F(SegmentsTest, FirstBytesEndTheHandshake) {
  connect_and([&] {
    EXPECT_EQ(segments_to(target()), 1U) << "nothing but the request to connect";
    client_end->stream.write("question");
  });
  EXPECT_EQ(segments_to(target()), 2U);
  run_until([&] { return !acceptor.streams.empty(); });
  server_end.emplace(loop, std::move(acceptor.streams.back()));
  server_end->stream.start_reading();
  run_until([&] { return server_end->bytes == "question"; });
}

TEST_F(SegmentsTest, AHandshakeEndsThoughNothingIsSaid) {
  connect_and([] {});
  EXPECT_EQ(segments_to(target()), 2U);
  run_until([&] { return !acceptor.streams.empty(); });
}

TEST_F(SegmentsTest, AConnectedStreamReadsOnlyWhenItIsTold) {
  connect_and([] {});
  run_until([&] { return !acceptor.streams.empty(); });
  acceptor.streams.back().close();
  run_briefly(loop);
  EXPECT_FALSE(client_end->eof);
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
}

TEST_F(SegmentsTest, TheEndGoesAlongWithTheLastBytes) {
  make_pair();
  const SocketAddress client = *client_end->stream.local_address();
  const std::uint32_t before = segments_to(client);
  server_end->stream.write_last("answer");
  EXPECT_EQ(segments_to(client), before);
  server_end->stream.shutdown();
  EXPECT_EQ(segments_to(client), before + 1);
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
  EXPECT_EQ(client_end->bytes, "answer");
}

TEST_F(SegmentsTest, NodelayBeginsWithTheSecondWrite) {
  make_pair();
  const int descriptor = descriptor_to(target());
  client_end->stream.set_nodelay();
  client_end->stream.write("one");
  EXPECT_EQ(option(descriptor, IPPROTO_TCP, TCP_NODELAY), 0);
  client_end->stream.write("two");
  EXPECT_NE(option(descriptor, IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST_F(SegmentsTest, NodelayAfterAWriteBeginsAtOnce) {
  make_pair();
  client_end->stream.write("one");
  client_end->stream.set_nodelay();
  EXPECT_NE(option(descriptor_to(target()), IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST_F(SegmentsTest, AnEndBehindTheBytesIsKnownWithThem) {
  make_pair();
  server_end->stream.write("answer");
  server_end->stream.close();
  run_briefly(loop);
  EXPECT_FALSE(client_end->stream.has_ended()) << "there is something to read";
  bool has_ended = false;
  client_end->on_event = [&] { has_ended = client_end->stream.has_ended(); };
  client_end->stream.start_reading();
  run_until([&] { return client_end->bytes == "answer"; });
  EXPECT_TRUE(has_ended);
  EXPECT_TRUE(client_end->stream.has_ended());
  client_end->stream.start_reading();
  run_briefly(loop);
  EXPECT_FALSE(client_end->eof) << "it is known already";
}

TEST_F(SegmentsTest, WhatHasComeIsReadAtOnce) {
  make_pair();
  EXPECT_EQ(client_end->stream.read_now(), "");
  server_end->stream.write("answer");
  server_end->stream.close();
  run_briefly(loop);
  EXPECT_EQ(client_end->stream.read_now(), "answer");
  EXPECT_EQ(client_end->stream.read_now(), "");
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
  EXPECT_EQ(client_end->bytes, "");
}

TEST_F(SegmentsTest, AResetMetOutOfTurnIsToldByTheLoop) {
  for (const bool looks_ahead : {true, false}) {
    make_pair();
    server_end->stream.close_with_reset();
    run_briefly(loop);
    if (looks_ahead)
      EXPECT_FALSE(client_end->stream.has_ended());
    else
      EXPECT_EQ(client_end->stream.read_now(), "");
    EXPECT_FALSE(client_end->reset);
    client_end->stream.start_reading();
    run_until([&] { return client_end->reset || client_end->eof; });
    EXPECT_TRUE(client_end->reset);
    EXPECT_FALSE(client_end->eof);
  }
}

}  // namespace
}  // namespace throttle::uv
