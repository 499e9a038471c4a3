#include "libthrottle/uv/tcp_stream.h"

#include <algorithm>
#include <chrono>

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
    while (server_->stream.queued_bytes() == 0)
      server_->stream.write(std::string(1 << 20, 'x'));
  }
};

TEST_F(TcpStreamTest, CarriesHeadAndBodyAsOneRead) {
  server_->stream.write("head ", "body");
  EXPECT_EQ(server_->stream.queued_bytes(), 0U);
  client_->stream.start_reading();
  run_until([&] { return !client_->bytes.empty(); });
  EXPECT_EQ(client_->bytes, "head body");
  EXPECT_EQ(client_->reads, 1);
  EXPECT_EQ(server_->drained, 0) << "nothing was queued";
}

TEST_F(TcpStreamTest, KeepsTheOrderOfWhatIsQueued) {
  const std::string bytes = counted_bytes(8 << 20);
  std::string_view left = bytes;
  for (std::size_t piece = 1; !left.empty(); piece = piece * 7 % 100'003) {
    const auto head = left.substr(0, piece);
    left.remove_prefix(head.size());
    const auto body = left.substr(0, piece / 2);
    left.remove_prefix(body.size());
    server_->stream.write(head, body);
  }
  EXPECT_GT(server_->stream.queued_bytes(), 0U);
  client_->stream.start_reading();
  run_until([&] { return client_->bytes.size() == bytes.size() && server_->drained > 0; });
  EXPECT_TRUE(client_->bytes == bytes);
  EXPECT_EQ(server_->stream.queued_bytes(), 0U);
  EXPECT_EQ(server_->drained, 1);
}

TEST_F(TcpStreamTest, HoldsTheWriterBackWhileNobodyReads) {
  fill_queue();
  const std::size_t queued = server_->stream.queued_bytes();
  run_briefly(loop_);
  EXPECT_EQ(server_->drained, 0);
  EXPECT_GT(server_->stream.queued_bytes(), queued / 2);
}

TEST_F(TcpStreamTest, StopsReadingInTheMiddle) {
  client_->on_event = [&] { client_->stream.stop_reading(); };
  client_->stream.start_reading();
  server_->stream.write(std::string(1 << 20, 'x'));
  run_briefly(loop_);
  EXPECT_EQ(client_->reads, 1);
  client_->on_event = nullptr;
  client_->stream.start_reading();
  client_->stream.start_reading();
  run_until([&] { return client_->bytes.size() == 1 << 20; });
}

TEST_F(TcpStreamTest, TellsAnEndAndStillWrites) {
  client_->stream.write("question");
  client_->stream.shutdown();
  client_->stream.shutdown();
  server_->stream.start_reading();
  run_until([&] { return server_->eof; });
  EXPECT_EQ(server_->bytes, "question");
  server_->stream.start_reading();
  server_->stream.write("answer");
  server_->stream.close();
  client_->stream.start_reading();
  run_until([&] { return client_->eof; });
  EXPECT_EQ(client_->bytes, "answer");
  EXPECT_FALSE(client_->reset || server_->reset);
}

TEST_F(TcpStreamTest, ShutsDownAfterWhatIsQueued) {
  fill_queue();
  server_->stream.shutdown();
  client_->stream.start_reading();
  run_until([&] { return client_->eof; });
  EXPECT_EQ(server_->stream.queued_bytes(), 0U);
  EXPECT_EQ(client_->bytes.size() % (1 << 20), 0U);
}

TEST_F(TcpStreamTest, TellsAReset) {
  server_->stream.start_reading();
  client_->stream.close_with_reset();
  EXPECT_FALSE(client_->stream.is_open());
  run_until([&] { return server_->reset; });
  server_->reset = false;
  server_->stream.write("to nobody");
  server_->stream.shutdown();
  run_briefly(loop_);
  EXPECT_FALSE(server_->reset || server_->eof || server_->failure) << "told once";
}

TEST_F(TcpStreamTest, TellsAResetOnceToOneWhoOnlyWrites) {
  client_->stream.close_with_reset();
  run_briefly(loop_);
  int calls = 0;
  server_->on_event = [&] { ++calls; };
  server_->stream.write("to nobody");
  server_->stream.write("to nobody");
  EXPECT_FALSE(server_->reset) << "not from inside write()";
  run_until([&] { return server_->reset; });
  server_->stream.write("dead");
  server_->stream.start_reading();
  server_->stream.shutdown();
  run_briefly(loop_);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(server_->stream.queued_bytes(), 0U);
}

TEST_F(TcpStreamTest, TellsAResetThatMeetsAFullQueue) {
  fill_queue();
  client_->stream.close_with_reset();
  run_until([&] { return server_->reset; });
  EXPECT_EQ(server_->drained, 0);
}

TEST_F(TcpStreamTest, SaysNothingAfterItWasClosed) {
  client_->stream.start_reading();
  fill_queue();
  client_->stream.write("on its way");
  server_->stream.start_reading();
  client_->stream.close();
  server_->stream.close();
  run_briefly(loop_);
  EXPECT_EQ(client_->reads + server_->reads + server_->drained, 0);
  EXPECT_FALSE(client_->eof || client_->reset || client_->failure);
  EXPECT_FALSE(server_->eof || server_->reset || server_->failure);
}

TEST_F(TcpStreamTest, MayBeDestroyedInOnBytes) {
  bool gone = false;
  server_->on_event = [&] {
    gone = true;
    server_.reset();
  };
  server_->stream.start_reading();
  client_->stream.write("bye");
  client_->stream.start_reading();
  run_until([&] { return client_->eof || client_->reset; });
  EXPECT_TRUE(gone);
}

TEST_F(TcpStreamTest, MayBeDestroyedInOnEofOnResetAndOnDrained) {
  server_->on_event = [&] { server_.reset(); };
  server_->stream.start_reading();
  client_->stream.close();
  run_until([&] { return !server_; });

  make_pair();
  server_->on_event = [&] { server_.reset(); };
  server_->stream.start_reading();
  client_->stream.close_with_reset();
  run_until([&] { return !server_; });

  make_pair();
  fill_queue();
  server_->stream.write("another queued write");
  server_->on_event = [&] { server_.reset(); };
  client_->stream.start_reading();
  run_until([&] { return !server_ && client_->eof; });
  EXPECT_TRUE(client_->bytes.ends_with("another queued write"));
}

TEST_F(TcpStreamTest, KeepsItsReceiverWhenItIsMoved) {
  server_->stream.start_reading();
  TcpStream moved = std::move(server_->stream);
  EXPECT_FALSE(server_->stream.is_open());
  client_->stream.write("hello");
  run_until([&] { return !server_->bytes.empty(); });
  EXPECT_EQ(server_->bytes, "hello");
}

TEST_F(TcpStreamTest, TellsTheAddressesOfBothEnds) {
  const auto server_side = server_->stream.peer_address();
  const auto client_side = client_->stream.local_address();
  ASSERT_TRUE(server_side && client_side);
  EXPECT_EQ(*server_side, *client_side);
  EXPECT_EQ(server_side->ip, kAnyLoopbackPort.ip);
  const auto listening = client_->stream.peer_address();
  ASSERT_TRUE(listening);
  EXPECT_EQ(*listening, acceptor_.listener->local_address());
}

TEST_F(TcpStreamTest, HasNoPeerAddressAfterAReset) {
  server_->stream.start_reading();
  client_->stream.close_with_reset();
  run_until([&] { return server_->reset; });
  const auto address = server_->stream.peer_address();
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().code, ErrorCode::kUnavailable);
}

TEST_F(TcpStreamTest, WorksWithNodelayAndKeepalive) {
  client_->stream.set_nodelay();
  client_->stream.set_keepalive(0s);
  client_->stream.set_keepalive(kForever);
  client_->stream.write("hello");
  server_->stream.start_reading();
  run_until([&] { return !server_->bytes.empty(); });
  EXPECT_EQ(server_->bytes, "hello");
}

TEST_F(TcpStreamTest, RefusesToWriteAfterItsShutdown) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        client_->stream.shutdown();
        client_->stream.write("too late");
      },
      "shut");
}

using TcpConnectorTest = TcpTest;

TEST_F(TcpConnectorTest, TellsARefusal) {
  const SocketAddress nobody = [&] { return Acceptor(loop_).listener->local_address(); }();
  std::optional<Error> error;
  auto on_done = [&](const Result<TcpStream>& result) {
    ASSERT_FALSE(result);
    error = result.error();
    loop_.stop();
  };
  auto connector = TcpConnector::start(loop_, nobody, on_done);
  ASSERT_TRUE(connector);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->message, "cannot connect to " + nobody.to_string() + ": connection refused");
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
}

TEST_F(TcpConnectorTest, GivesUpSilentlyWhenItIsDestroyed) {
  bool called = false;
  auto on_done = [&](const Result<TcpStream>&) { called = true; };
  {
    auto connector = TcpConnector::start(loop_, acceptor_.listener->local_address(), on_done);
    ASSERT_TRUE(connector);
  }
  run_briefly(loop_);
  EXPECT_FALSE(called);
}

TEST_F(TcpConnectorTest, MayBeDestroyedByItsCallback) {
  std::optional<TcpConnector> connector;
  std::optional<TcpStream> stream;
  auto on_done = [&](Result<TcpStream> result) {
    if (result) stream = *std::move(result);
    loop_.stop();
    connector.reset();
  };
  auto started = TcpConnector::start(loop_, acceptor_.listener->local_address(), on_done);
  ASSERT_TRUE(started);
  connector = *std::move(started);
  run_until([&] { return !connector; });
  EXPECT_TRUE(stream);
}

}  // namespace
}  // namespace throttle::uv
