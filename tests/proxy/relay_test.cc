// The relay between two real connections: ends, resets, back-pressure.
#include "libthrottle/proxy/relay.h"

#include <string>

#include "tests/proxy/relay_fixture.h"

namespace throttle::proxy {
namespace {

TEST_F(RelayTest, CarriesQuestionAndAnswer) {
  make_relay();
  read_both();
  client->stream.write("question");
  run_until([&] { return upstream->bytes == "question"; });
  upstream->stream.write("answer");
  run_until([&] { return client->bytes == "answer"; });
  EXPECT_EQ(relay->bytes_up(), 8U);
  EXPECT_EQ(relay->bytes_down(), 6U);
  EXPECT_EQ(relay->queued_bytes(), 0U);
  EXPECT_FALSE(outcome);
}

TEST_F(RelayTest, CarriesMuchBothWaysAtOnceAndThenFinishes) {
  make_relay();
  read_both();
  const std::string up = noise(24 * kMega + 17, 1);
  const std::string down = noise(32 * kMega + 5, 2);
  client->stream.write(up);
  upstream->stream.write(down);
  run_until(
      [&] { return upstream->bytes.size() == up.size() && client->bytes.size() == down.size(); });
  client->stream.shutdown();
  upstream->stream.shutdown();
  run_until([&] { return outcome && client->eof && upstream->eof; });
  EXPECT_TRUE(upstream->bytes == up);
  EXPECT_TRUE(client->bytes == down);
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
  EXPECT_EQ(outcome->bytes_up, up.size());
  EXPECT_EQ(outcome->bytes_down, down.size());
  EXPECT_FALSE(client->reset || upstream->reset);
}

TEST_F(RelayTest, PassesAHalfCloseOnAndCarriesTheAnswer) {
  make_relay();
  read_both();
  client->stream.write("question");
  client->stream.shutdown();
  run_until([&] { return upstream->eof; });
  EXPECT_EQ(upstream->bytes, "question");
  EXPECT_FALSE(outcome || client->eof);
  const std::string answer = noise(8 * kMega, 3);
  upstream->stream.write(answer);
  upstream->stream.shutdown();
  run_until([&] { return outcome && client->eof; });
  EXPECT_TRUE(client->bytes == answer);
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, SendsWhatCameEarlyFirst) {
  make_relay("early ");
  read_both();
  client->stream.write("bird");
  run_until([&] { return upstream->bytes.size() >= 10; });
  EXPECT_EQ(upstream->bytes, "early bird");
  EXPECT_EQ(relay->bytes_up(), 10U);
}

TEST_F(RelayTest, SendsMoreThanTheBufferEarlyAndThenTheEnd) {
  const std::string early = noise(16 * kMega, 4);
  make_relay(early, true);
  client->stream.shutdown();
  run_briefly(loop);
  EXPECT_FALSE(upstream->eof);
  EXPECT_GT(relay->queued_bytes(), 0U);
  read_both();
  run_until([&] { return upstream->eof; });
  EXPECT_TRUE(upstream->bytes == early);
  upstream->stream.write("answer");
  upstream->stream.close();
  run_until([&] { return outcome && client->eof; });
  EXPECT_EQ(client->bytes, "answer");
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
  EXPECT_EQ(outcome->bytes_up, early.size());
}

// A side that does not read costs a bounded buffer, and gets everything when it reads again.
TEST_F(RelayTest, HoldsAFastUpstreamBackForASlowClient) {
  make_relay();
  const std::string down = noise(40 * kMega, 5);
  upstream->stream.write(down);
  upstream->stream.shutdown();
  watch_until([&] { return relay->queued_bytes() > 0; });
  run_briefly(loop);
  EXPECT_GT(upstream->stream.queued_bytes(), 0U) << "the system's buffers took it all";
  EXPECT_GT(relay->queued_bytes(), 0U);
  EXPECT_LE(relay->queued_bytes(), 2 * Relay::kDefaultBufferBytes);
  client->stream.write("the other way is free");
  upstream->stream.start_reading();
  run_until([&] { return !upstream->bytes.empty(); });
  client->stream.start_reading();
  run_until([&] { return client->eof; });
  EXPECT_TRUE(client->bytes == down);
  client->stream.shutdown();
  run_until([&] { return outcome.has_value(); });
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, CarriesMuchToAReaderThatPauses) {
  make_relay();
  const std::string up = noise(24 * kMega, 6);
  client->stream.write(up);
  client->stream.shutdown();
  upstream->on_event = [&] {
    if (upstream->reads % 16 == 0) upstream->stream.stop_reading();
  };
  while (!upstream->eof && !HasFailure()) {
    upstream->stream.start_reading();
    run_briefly(loop, std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(upstream->bytes == up);
}

// Large pieces may take another way through the system than small ones.
TEST_F(RelayTest, KeepsTheOrderWhenLargeAndSmallPiecesAlternate) {
  make_relay();
  read_both();
  std::string up;
  for (std::uint64_t round = 0; round < 5; ++round) {
    const std::string much = noise(3 * kMega + round, round);
    client->stream.write(much);
    up += much;
    run_until([&] { return upstream->bytes.size() == up.size(); });
    for (int crumb = 0; crumb < 20; ++crumb) {
      client->stream.write(std::to_string(crumb));
      up += std::to_string(crumb);
      run_until([&] { return upstream->bytes.size() == up.size(); });
    }
  }
  EXPECT_TRUE(upstream->bytes == up);
  EXPECT_EQ(relay->bytes_up(), up.size());
  EXPECT_EQ(relay->queued_bytes(), 0U);
}

TEST_F(RelayTest, CarriesASlowWritersCrumbs) {
  make_relay();
  read_both();
  for (std::size_t i = 1; i <= 50; ++i) {
    client->stream.write("x");
    run_until([&] { return upstream->bytes.size() == i; });
  }
  EXPECT_EQ(relay->bytes_up(), 50U);
}

TEST_F(RelayTest, PassesAResetOfTheClientOn) {
  make_relay();
  read_both();
  client->stream.close_with_reset();
  run_until([&] { return outcome && upstream->reset; });
  EXPECT_EQ(outcome->end, RelayEnd::kClientReset);
  EXPECT_FALSE(upstream->eof);
}

TEST_F(RelayTest, PassesAResetOfTheUpstreamOn) {
  make_relay();
  read_both();
  upstream->stream.close_with_reset();
  run_until([&] { return outcome && client->reset; });
  EXPECT_EQ(outcome->end, RelayEnd::kUpstreamReset);
  EXPECT_FALSE(client->eof);
}

// Nothing more is read from the upstream then; the failing write reports it.
TEST_F(RelayTest, ResetsAClientThatGoesOnSendingToAClosedUpstream) {
  make_relay();
  read_both();
  upstream->stream.write("bye");
  upstream->stream.close();
  run_until([&] { return client->eof; });
  EXPECT_EQ(client->bytes, "bye");
  EXPECT_FALSE(outcome);
  while (!outcome && !HasFailure()) {
    client->stream.write("anybody there?");
    run_briefly(loop, std::chrono::milliseconds(1));
  }
  EXPECT_EQ(outcome->end, RelayEnd::kUpstreamReset);
}

TEST_F(RelayTest, FinishesWithAClientThatClosesAfterTheUpstream) {
  make_relay();
  read_both();
  upstream->stream.close();
  run_until([&] { return client->eof; });
  client->stream.close();
  run_until([&] { return outcome.has_value(); });
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, CarriesWhatAClientSaysToAnUpstreamThatAnsweredAndEndedAtOnce) {
  make_relay();
  read_both();
  upstream->stream.write("answer");
  upstream->stream.shutdown();
  run_until([&] { return client->eof; });
  EXPECT_EQ(client->bytes, "answer");
  EXPECT_TRUE(relay->upstream_ended());
  client->stream.write("thanks");
  run_until([&] { return upstream->bytes == "thanks"; });
  EXPECT_FALSE(outcome || upstream->eof);
  client->stream.shutdown();
  run_until([&] { return outcome && upstream->eof; });
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
  EXPECT_EQ(outcome->bytes_down, 6U);
}

TEST_F(RelayTest, FinishesWithAnAnswerAndItsEndToAClientThatEnded) {
  destroy_when_ended = true;
  make_relay("question", true);
  read_both();
  run_until([&] { return upstream->eof; });
  EXPECT_EQ(upstream->bytes, "question");
  upstream->stream.write("answer");
  upstream->stream.close();
  run_until([&] { return outcome && client->eof; });
  EXPECT_EQ(client->bytes, "answer");
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, TellsAWriteToOneThatIsGone) {
  make_relay();
  upstream->stream.write(std::string(40 * kMega, 'x'));
  watch_until([&] { return relay->queued_bytes() > 0; });
  client->stream.close_with_reset();
  upstream->stream.start_reading();
  run_until([&] { return outcome && upstream->reset; });
  EXPECT_EQ(outcome->end, RelayEnd::kClientReset);
}

TEST_F(RelayTest, MayBeDestroyedWhenItEnds) {
  destroy_when_ended = true;
  make_relay();
  read_both();
  client->stream.shutdown();
  upstream->stream.shutdown();
  run_until([&] { return outcome && client->eof && upstream->eof; });
  EXPECT_FALSE(relay);
  EXPECT_EQ(outcome->end, RelayEnd::kFinished);
}

TEST_F(RelayTest, MayBeDestroyedWhenAResetEndsIt) {
  destroy_when_ended = true;
  make_relay();
  read_both();
  client->stream.close_with_reset();
  run_until([&] { return outcome && upstream->reset; });
  EXPECT_FALSE(relay);
}

TEST_F(RelayTest, ClosesBothWhenDestroyed) {
  make_relay();
  read_both();
  relay.reset();
  run_until([&] { return client->eof && upstream->eof; });
  EXPECT_FALSE(outcome || client->reset || upstream->reset);
}

TEST_F(RelayTest, ResetsBothWhenAborted) {
  make_relay();
  read_both();
  client->stream.write("x");
  run_until([&] { return upstream->bytes == "x"; });
  relay->abort();
  relay->abort();
  run_until([&] { return client->reset && upstream->reset; });
  EXPECT_FALSE(outcome);
  EXPECT_EQ(relay->bytes_up(), 1U);
}

TEST_F(RelayTest, TellsWhenAByteLastMoved) {
  make_relay();
  read_both();
  const TimePoint begin = relay->last_activity();
  run_briefly(loop);
  EXPECT_EQ(relay->last_activity(), begin);
  client->stream.write("x");
  run_until([&] { return !upstream->bytes.empty(); });
  EXPECT_GE(relay->last_activity() - begin, std::chrono::milliseconds(10));
  EXPECT_LE(relay->last_activity(), uv::now());
}

TEST_F(RelayTest, HandsTheClientBackOfAnUpstreamThatHangsUpAtOnce) {
  make_relay("PROXY header", false, kNever);
  upstream->stream.close();
  run_until([&] { return client_again.has_value(); });
  EXPECT_FALSE(outcome);
  client_again->write("another service");
  client->stream.start_reading();
  run_until([&] { return client->bytes == "another service"; });
}

TEST_F(RelayTest, HandsTheClientBackOfAnUpstreamThatResetsAtOnce) {
  make_relay({}, false, kNever);
  upstream->stream.close_with_reset();
  run_until([&] { return client_again.has_value(); });
  EXPECT_FALSE(outcome || client->eof || client->reset);
}

TEST_F(RelayTest, PassesAHangUpOnAfterAByteOfTheClient) {
  make_relay({}, false, kNever);
  read_both();
  client->stream.write("x");
  run_until([&] { return upstream->bytes == "x"; });
  upstream->stream.close();
  run_until([&] { return client->eof; });
  EXPECT_FALSE(client_again);
}

TEST_F(RelayTest, PassesAHangUpOnAfterAByteOfTheUpstream) {
  make_relay({}, false, kNever);
  read_both();
  upstream->stream.write("x");
  run_until([&] { return client->bytes == "x"; });
  upstream->stream.close();
  run_until([&] { return client->eof; });
  EXPECT_FALSE(client_again);
}

TEST_F(RelayTest, PassesAHangUpOnAfterTheEndOfTheClient) {
  make_relay({}, false, kNever);
  read_both();
  client->stream.shutdown();
  run_until([&] { return upstream->eof; });
  upstream->stream.close();
  run_until([&] { return client->eof && outcome; });
  EXPECT_FALSE(client_again);
}

}  // namespace
}  // namespace throttle::proxy
