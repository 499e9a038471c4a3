// What Wine cannot do: it drops what is still being sent when the other side half-closes, and
// forgets a reset behind bytes that nobody has read yet. Windows throws those bytes away.
#include <string>

#include "tests/proxy/relay_fixture.h"

namespace throttle::proxy {
namespace {

using RelayPosixTest = RelayTest;

TEST_F(RelayPosixTest, PassesAnEndOnWhileTheOtherSideStillSends) {
  make_relay();
  read_both();
  const std::string up = noise(24 * kMega + 17, 1);
  const std::string down = noise(32 * kMega + 5, 2);
  client->stream.write(up);
  client->stream.shutdown();
  upstream->stream.write(down);
  upstream->stream.shutdown();
  run_until([&] { return outcome && client->eof && upstream->eof; });
  EXPECT_TRUE(upstream->bytes == up);
  EXPECT_TRUE(client->bytes == down);
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
  EXPECT_EQ(outcome->bytes_up, up.size());
  EXPECT_EQ(outcome->bytes_down, down.size());
  EXPECT_FALSE(client->reset || upstream->reset);
}

TEST_F(RelayPosixTest, PassesAResetOnInTheMiddleOfMuch) {
  make_relay();
  client->stream.write(std::string(40 * kMega, 'x'));
  upstream->on_event = [&] {
    if (client->stream.is_open() && upstream->bytes.size() > 10 * kMega)
      client->stream.close_with_reset();
  };
  upstream->stream.start_reading();
  run_until([&] { return outcome && upstream->reset; });
  EXPECT_EQ(outcome->end, RelayEnd::kClientReset);
  EXPECT_FALSE(upstream->eof);
}

TEST_F(RelayPosixTest, PassesAResetBehindTheFirstBytesOfTheUpstreamOn) {
  make_relay();
  read_both();
  upstream->stream.write("last words");
  upstream->stream.close_with_reset();
  run_until([&] { return outcome && (client->reset || client->eof); });
  EXPECT_EQ(outcome->end, RelayEnd::kUpstreamReset);
  EXPECT_FALSE(client->eof);
}

TEST_F(RelayPosixTest, MayBeDestroyedWhenAResetBehindBytesEndsIt) {
  destroy_when_ended = true;
  make_relay();
  read_both();
  client->stream.write("last words");
  client->stream.close_with_reset();
  run_until([&] { return outcome && (upstream->reset || upstream->eof); });
  EXPECT_FALSE(relay);
}

// The answer is with the systems of the two ends when the upstream resets the connection.
TEST_F(RelayPosixTest, HandsOverWhatAnUpstreamSentBeforeItsReset) {
  make_relay();
  const std::string answer = noise(300'000, 6);
  upstream->stream.write(answer);
  watch_until([&] { return relay->bytes_down() == answer.size(); });
  upstream->stream.close_with_reset();
  watch_until([&] { return relay->upstream_ended() || outcome; });
  EXPECT_FALSE(outcome);
  client->stream.start_reading();
  run_until([&] { return outcome && client->reset; });
  EXPECT_TRUE(client->bytes == answer);
  EXPECT_EQ(outcome->end, RelayEnd::kUpstreamReset);
}

TEST_F(RelayPosixTest, HandsOverMoreThanTheSystemsTakeToASlowClient) {
  make_relay();
  upstream->stream.write(std::string(40 * kMega, 'x'));
  watch_until([&] { return relay->queued_bytes() > 0; });
  upstream->stream.close_with_reset();
  client->stream.start_reading();
  run_until([&] { return outcome && client->reset; });
  EXPECT_EQ(client->bytes.size(), outcome->bytes_down);
  EXPECT_EQ(outcome->end, RelayEnd::kUpstreamReset);
}

TEST_F(RelayPosixTest, EndsAtOnceWhenTheClientResetsWhileItIsHandedTheRest) {
  make_relay();
  upstream->stream.write(noise(300'000, 7));
  watch_until([&] { return relay->bytes_down() == 300'000; });
  upstream->stream.close_with_reset();
  watch_until([&] { return relay->upstream_ended() || outcome; });
  client->stream.close_with_reset();
  watch_until([&] { return outcome.has_value(); });
  EXPECT_EQ(outcome->end, RelayEnd::kClientReset);
}

}  // namespace
}  // namespace throttle::proxy
