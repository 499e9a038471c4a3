// A stream over the loopback: reading, writing, ends, resets, and receivers that die in a call.
#include "libthrottle/uv/tcp_stream.h"

#include <algorithm>
#include <chrono>

#include "tests/uv/deserted_port.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

using namespace std::chrono_literals;

class TcpStreamTest : public TcpTest {
 protected:
  TcpStreamTest() { make_pair(); }

  // Bytes in which no piece looks like another.
  static std::string counted_bytes(std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; bytes.size() < size; ++i)
      bytes += std::to_string(i) + ",";
    bytes.resize(size);
    return bytes;
  }

  // More than the system takes from a writer whose reader does not read.
  void fill_queue() {
    while (server_end->stream.queued_bytes() == 0)
      server_end->stream.write(std::string(1 << 20, 'x'));
  }
};

TEST_F(TcpStreamTest, CarriesHeadAndBodyAsOneRead) {
  server_end->stream.write("head ", "body");
  EXPECT_EQ(server_end->stream.queued_bytes(), 0U);
  client_end->stream.start_reading();
  run_until([&] { return !client_end->bytes.empty(); });
  EXPECT_EQ(client_end->bytes, "head body");
  EXPECT_EQ(client_end->reads, 1);
  EXPECT_EQ(server_end->drained, 0) << "nothing was queued";
}

TEST_F(TcpStreamTest, KeepsTheOrderOfWhatIsQueued) {
  const std::string bytes = counted_bytes(8 << 20);
  std::string_view left = bytes;
  for (std::size_t piece = 1; !left.empty(); piece = piece * 7 % 100'003) {
    const auto head = left.substr(0, piece);
    left.remove_prefix(head.size());
    const auto body = left.substr(0, piece / 2);
    left.remove_prefix(body.size());
    server_end->stream.write(head, body);
  }
  EXPECT_GT(server_end->stream.queued_bytes(), 0U);
  client_end->stream.start_reading();
  run_until([&] { return client_end->bytes.size() == bytes.size() && server_end->drained > 0; });
  EXPECT_TRUE(client_end->bytes == bytes);
  EXPECT_EQ(server_end->stream.queued_bytes(), 0U);
  EXPECT_EQ(server_end->drained, 1);
}

TEST_F(TcpStreamTest, HoldsTheWriterBackWhileNobodyReads) {
  fill_queue();
  const std::size_t queued = server_end->stream.queued_bytes();
  run_briefly(loop);
  EXPECT_EQ(server_end->drained, 0);
  EXPECT_GT(server_end->stream.queued_bytes(), queued / 2);
}

TEST_F(TcpStreamTest, StopsReadingInTheMiddle) {
  client_end->on_event = [&] { client_end->stream.stop_reading(); };
  client_end->stream.start_reading();
  server_end->stream.write(std::string(1 << 20, 'x'));
  run_briefly(loop);
  EXPECT_EQ(client_end->reads, 1);
  client_end->on_event = nullptr;
  client_end->stream.start_reading();
  client_end->stream.start_reading();
  run_until([&] { return client_end->bytes.size() == 1 << 20; });
}

TEST_F(TcpStreamTest, TellsAnEndAndStillWrites) {
  client_end->stream.write("question");
  client_end->stream.shutdown();
  client_end->stream.shutdown();
  server_end->stream.start_reading();
  run_until([&] { return server_end->eof; });
  EXPECT_EQ(server_end->bytes, "question");
  server_end->stream.start_reading();
  server_end->stream.write("answer");
  server_end->stream.close();
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
  EXPECT_EQ(client_end->bytes, "answer");
  EXPECT_FALSE(client_end->reset || server_end->reset);
}

TEST_F(TcpStreamTest, ShutsDownAfterWhatIsQueued) {
  fill_queue();
  server_end->stream.shutdown();
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
  EXPECT_EQ(server_end->stream.queued_bytes(), 0U);
  EXPECT_EQ(client_end->bytes.size() % (1 << 20), 0U);
}

TEST_F(TcpStreamTest, SendsLastBytesAndTheEnd) {
  server_end->stream.write("answer");
  server_end->stream.write_last(" and more");
  server_end->stream.close();
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
  EXPECT_EQ(client_end->bytes, "answer and more");
}

TEST_F(TcpStreamTest, SendsLastBytesAfterWhatIsQueued) {
  fill_queue();
  server_end->stream.write_last("the end");
  server_end->stream.shutdown();
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
  EXPECT_TRUE(client_end->bytes.ends_with("xthe end"));
}

TEST_F(TcpStreamTest, QueuesLastBytesThatAreTooMany) {
  const std::string bytes = counted_bytes(8 << 20);
  server_end->stream.write_last(bytes);
  EXPECT_GT(server_end->stream.queued_bytes(), 0U);
  server_end->stream.shutdown();
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof; });
  EXPECT_TRUE(client_end->bytes == bytes);
}

TEST_F(TcpStreamTest, TellsAReset) {
  server_end->stream.start_reading();
  client_end->stream.close_with_reset();
  EXPECT_FALSE(client_end->stream.is_open());
  run_until([&] { return server_end->reset; });
  server_end->reset = false;
  server_end->stream.write("to nobody");
  server_end->stream.shutdown();
  run_briefly(loop);
  EXPECT_FALSE(server_end->reset || server_end->eof || server_end->failure) << "reported once";
}

TEST_F(TcpStreamTest, TellsAResetOnceToOneWhoOnlyWrites) {
  client_end->stream.close_with_reset();
  run_briefly(loop);
  int calls = 0;
  server_end->on_event = [&] { ++calls; };
  server_end->stream.write("to nobody");
  server_end->stream.write("to nobody");
  EXPECT_FALSE(server_end->reset) << "not from inside write()";
  run_until([&] { return server_end->reset; });
  server_end->stream.write("dead");
  server_end->stream.start_reading();
  server_end->stream.shutdown();
  run_briefly(loop);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(server_end->stream.queued_bytes(), 0U);
}

TEST_F(TcpStreamTest, TellsAResetThatMeetsAFullQueue) {
  fill_queue();
  client_end->stream.close_with_reset();
  run_until([&] { return server_end->reset; });
  EXPECT_EQ(server_end->drained, 0);
}

TEST_F(TcpStreamTest, SaysNothingAfterItWasClosed) {
  client_end->stream.start_reading();
  fill_queue();
  client_end->stream.write("on its way");
  server_end->stream.start_reading();
  client_end->stream.close();
  server_end->stream.close();
  run_briefly(loop);
  EXPECT_EQ(client_end->reads + server_end->reads + server_end->drained, 0);
  EXPECT_FALSE(client_end->eof || client_end->reset || client_end->failure);
  EXPECT_FALSE(server_end->eof || server_end->reset || server_end->failure);
}

TEST_F(TcpStreamTest, MayBeDestroyedInOnBytes) {
  bool gone = false;
  server_end->on_event = [&] {
    gone = true;
    server_end.reset();
  };
  server_end->stream.start_reading();
  client_end->stream.write("bye");
  client_end->stream.start_reading();
  run_until([&] { return client_end->eof || client_end->reset; });
  EXPECT_TRUE(gone);
}

TEST_F(TcpStreamTest, MayBeDestroyedInOnEofOnResetAndOnDrained) {
  server_end->on_event = [&] { server_end.reset(); };
  server_end->stream.start_reading();
  client_end->stream.close();
  run_until([&] { return !server_end; });

  make_pair();
  server_end->on_event = [&] { server_end.reset(); };
  server_end->stream.start_reading();
  client_end->stream.close_with_reset();
  run_until([&] { return !server_end; });

  make_pair();
  fill_queue();
  server_end->stream.write("another queued write");
  server_end->on_event = [&] { server_end.reset(); };
  client_end->stream.start_reading();
  run_until([&] { return !server_end && client_end->eof; });
  EXPECT_TRUE(client_end->bytes.ends_with("another queued write"));
}

TEST_F(TcpStreamTest, KeepsItsReceiverWhenItIsMoved) {
  server_end->stream.start_reading();
  TcpStream moved = std::move(server_end->stream);
  EXPECT_FALSE(server_end->stream.is_open());
  client_end->stream.write("hello");
  run_until([&] { return !server_end->bytes.empty(); });
  EXPECT_EQ(server_end->bytes, "hello");
}

TEST_F(TcpStreamTest, TellsTheAddressesOfBothEnds) {
  const auto server_side = server_end->stream.peer_address();
  const auto client_side = client_end->stream.local_address();
  ASSERT_TRUE(server_side && client_side);
  EXPECT_EQ(*server_side, *client_side);
  EXPECT_EQ(server_side->ip, kAnyLoopbackPort.ip);
  const auto listening = client_end->stream.peer_address();
  ASSERT_TRUE(listening);
  EXPECT_EQ(*listening, acceptor.listener->local_address());
}

TEST_F(TcpStreamTest, HasNoPeerAddressAfterAReset) {
  server_end->stream.start_reading();
  client_end->stream.close_with_reset();
  run_until([&] { return server_end->reset; });
  const auto address = server_end->stream.peer_address();
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().code, ErrorCode::kUnavailable);
}

TEST_F(TcpStreamTest, ReportsTheEndAgainToANewReceiverThatReads) {
  client_end->stream.shutdown();
  server_end->stream.start_reading();
  run_until([&] { return server_end->eof; });
  server_end->stream.stop_reading();

  End next(loop, std::move(server_end->stream));
  run_briefly(loop);
  EXPECT_FALSE(next.eof) << "it does not read";
  next.stream.start_reading();
  EXPECT_FALSE(next.eof) << "from the loop only";
  run_until([&] { return next.eof; });
  next.eof = false;
  next.stream.start_reading();
  run_briefly(loop);
  EXPECT_FALSE(next.eof) << "once";
}

TEST_F(TcpStreamTest, ReportsTheEndAgainToANewReceiverOfAStreamThatReads) {
  client_end->stream.shutdown();
  server_end->stream.start_reading();
  run_until([&] { return server_end->eof; });
  const End next(loop, std::move(server_end->stream));
  run_until([&] { return next.eof; });
}

TEST_F(TcpStreamTest, ReportsNoEndOfAStreamThatWasClosedMeanwhile) {
  client_end->stream.shutdown();
  server_end->stream.start_reading();
  run_until([&] { return server_end->eof; });
  End next(loop, std::move(server_end->stream));
  next.stream.close();
  run_briefly(loop);
  EXPECT_FALSE(next.eof);
}

TEST_F(TcpStreamTest, WorksWithNodelayAndKeepalive) {
  client_end->stream.set_nodelay();
  client_end->stream.set_keepalive(0s);
  client_end->stream.set_keepalive(kForever);
  client_end->stream.write("hello");
  server_end->stream.start_reading();
  run_until([&] { return !server_end->bytes.empty(); });
  EXPECT_EQ(server_end->bytes, "hello");
}

TEST_F(TcpStreamTest, RefusesToWriteAfterItsShutdown) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        client_end->stream.shutdown();
        client_end->stream.write("too late");
      },
      "shut");
}

using TcpConnectorTest = TcpTest;

TEST_F(TcpConnectorTest, TellsARefusal) {
  const DesertedPort port(loop);
  const SocketAddress& nobody = port.address();
  std::optional<Error> error;
  auto on_done = [&](const Result<TcpStream>& result) {
    ASSERT_FALSE(result);
    error = result.error();
    loop.stop();
  };
  auto connector = TcpConnector::start(loop, nobody, on_done);
  ASSERT_TRUE(connector);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->message, "cannot connect to " + nobody.to_string() + ": connection refused");
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
}

TEST_F(TcpConnectorTest, GivesUpSilentlyWhenItIsDestroyed) {
  bool called = false;
  auto on_done = [&](const Result<TcpStream>&) { called = true; };
  {
    auto connector = TcpConnector::start(loop, acceptor.listener->local_address(), on_done);
    ASSERT_TRUE(connector);
  }
  run_briefly(loop);
  EXPECT_FALSE(called);
}

TEST_F(TcpConnectorTest, MayBeDestroyedByItsCallback) {
  std::optional<TcpConnector> connector;
  std::optional<TcpStream> stream;
  auto on_done = [&](Result<TcpStream> result) {
    if (result) stream = *std::move(result);
    loop.stop();
    connector.reset();
  };
  auto started = TcpConnector::start(loop, acceptor.listener->local_address(), on_done);
  ASSERT_TRUE(started);
  connector = *std::move(started);
  run_until([&] { return !connector; });
  EXPECT_TRUE(stream);
}

}  // namespace
}  // namespace throttle::uv
