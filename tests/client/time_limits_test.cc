// Servers that are silent or slow, in each part of an exchange.
#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace throttle::client {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;

class TimeLimitsTest : public ClientTest {
 protected:
  void begin_with(const TimeLimits& limits) {
    start_client(acceptor.listener->local_address());
    begin({.limits = limits});
    run_until([&] { return !acceptor.streams.empty(); });
    server_end.emplace(loop, std::move(acceptor.streams.back()));
    acceptor.streams.pop_back();
    server_end->stream.start_reading();
  }
};

TEST_F(TimeLimitsTest, SilenceBeforeTheHead) {
  begin_with({.head = 50ms});
  EXPECT_THAT(outcome(), EndsWith("/: no answer within 50ms"));
  run_until([&] { return server_end->eof || server_end->reset; });
}

TEST_F(TimeLimitsTest, AHeadThatDripsIsLateToo) {
  begin_with({.head = 50ms});
  server_end->stream.write("HTTP/1.1 200 OK\r\n");
  EXPECT_THAT(outcome(), EndsWith("/: no answer within 50ms"));
}

TEST_F(TimeLimitsTest, SilenceInTheBody) {
  begin_with({.idle = 50ms});
  server_end->stream.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  EXPECT_THAT(outcome(), EndsWith("/: the answer stopped in the middle for 50ms"));
}

TEST_F(TimeLimitsTest, EachPieceOfABodyBeginsTheTimeAgain) {
  begin_with({.idle = 2s});
  server_end->stream.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  for (int i = 0; i < 3; ++i) {  // longer than the limit in all
    EXPECT_FALSE(done);
    uv::run_briefly(loop, 800ms);
    server_end->stream.write("x");
  }
  EXPECT_EQ(outcome(), "200 xxx");
}

TEST_F(TimeLimitsTest, TheWholeIsLimitedWhateverThePartsTake) {
  begin_with({.idle = 10s, .whole = 100ms});
  server_end->stream.write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nx");
  EXPECT_THAT(outcome(), EndsWith("/: it was not complete within 100ms"));
}

TEST_F(TimeLimitsTest, AnAddressThatDoesNotAnswer) {
  // An address for documentation (RFC 5737): silent, or unreachable at once.
  start_client({IpAddress::from_v4({192, 0, 2, 1}), 9});
  begin({.limits = TimeLimits{.connect = 100ms, .whole = 1s}});
  run_until([&] { return done.has_value(); });
  EXPECT_FALSE(*done);
}

}  // namespace
}  // namespace throttle::client
