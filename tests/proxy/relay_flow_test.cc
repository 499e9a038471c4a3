// The decisions of a relay, both ways round, without a socket.
#include "libthrottle/proxy/relay_flow.h"

#include <gtest/gtest.h>

namespace throttle::proxy {
namespace {

using enum RelaySide;

class RelayFlowTest : public testing::TestWithParam<RelaySide> {
 protected:
  static constexpr std::size_t kBuffer = 100;
  const RelaySide here = GetParam();
  const RelaySide there = other(here);
  RelayFlow flow{kBuffer};
};

INSTANTIATE_TEST_SUITE_P(BothWays, RelayFlowTest, testing::Values(kClient, kUpstream),
                         [](const auto& side) {
                           return side.param == kClient ? "FromClient" : "FromUpstream";
                         });

TEST_P(RelayFlowTest, BeginsReadingBothAndShuttingNone) {
  for (const RelaySide side : {here, there}) {
    EXPECT_TRUE(flow.reads(side));
    EXPECT_FALSE(flow.shuts(side));
    EXPECT_FALSE(flow.waits(side));
  }
  EXPECT_FALSE(flow.end());
}

TEST_P(RelayFlowTest, CountsEachWayApart) {
  flow.moved(here, 10, 0);
  flow.moved(here, 5, 3);
  flow.moved(there, 1, 0);
  EXPECT_EQ(flow.bytes_from(here), 15U);
  EXPECT_EQ(flow.bytes_from(there), 1U);
}

TEST_P(RelayFlowTest, HoldsTheSenderOnceMoreThanTheBufferWaits) {
  flow.moved(here, kBuffer, kBuffer);
  EXPECT_TRUE(flow.reads(here));
  EXPECT_TRUE(flow.waits(there));
  flow.moved(here, 1, kBuffer + 1);
  EXPECT_FALSE(flow.reads(here));
  EXPECT_TRUE(flow.reads(there)) << "the other way is free";
}

TEST_P(RelayFlowTest, HoldsTheSenderUntilAllIsDrained) {
  flow.moved(here, kBuffer + 1, kBuffer + 1);
  flow.drained(here);
  EXPECT_FALSE(flow.reads(here)) << "that was the other way";
  flow.drained(there);
  EXPECT_TRUE(flow.reads(here));
  EXPECT_FALSE(flow.waits(there));
}

TEST_P(RelayFlowTest, HoldsTheSenderOfOneThatIsFullHoweverLittleWaits) {
  flow.moved(here, 1, 1);
  flow.filled(there);
  EXPECT_FALSE(flow.reads(here));
  flow.drained(there);
  EXPECT_TRUE(flow.reads(here));
}

TEST_P(RelayFlowTest, PassesAnEndOnAtOnceIfNothingWaits) {
  flow.moved(here, 10, 0);
  flow.ended(here);
  EXPECT_TRUE(flow.shuts(there));
  EXPECT_FALSE(flow.shuts(here));
  EXPECT_FALSE(flow.reads(here));
  EXPECT_TRUE(flow.reads(there)) << "half closed only";
  EXPECT_FALSE(flow.end());
}

TEST_P(RelayFlowTest, PassesAnEndOnAfterTheLastByte) {
  flow.moved(here, 10, 4);
  flow.ended(here);
  EXPECT_FALSE(flow.shuts(there));
  flow.drained(there);
  EXPECT_TRUE(flow.shuts(there));
  EXPECT_FALSE(flow.reads(here)) << "there is nothing more";
}

TEST_P(RelayFlowTest, FinishesWhenBothHaveEnded) {
  flow.ended(here);
  flow.moved(there, 10, 0);
  EXPECT_FALSE(flow.end());
  flow.ended(there);
  EXPECT_EQ(flow.end(), RelayEnd::kFinished);
}

TEST_P(RelayFlowTest, FinishesNoSoonerThanTheLastByteIsOut) {
  flow.moved(here, 10, 4);
  flow.moved(there, 10, 4);
  flow.ended(here);
  flow.ended(there);
  EXPECT_FALSE(flow.end());
  flow.drained(here);
  EXPECT_FALSE(flow.end());
  flow.drained(there);
  EXPECT_EQ(flow.end(), RelayEnd::kFinished);
}

TEST_P(RelayFlowTest, EndsAtOnceWithoutItsClientWhateverWaits) {
  flow.moved(here, 10, 4);
  flow.was_reset(kClient);
  EXPECT_EQ(flow.end(), RelayEnd::kClientReset);
  EXPECT_FALSE(flow.reads(here) || flow.reads(there));
}

TEST(RelayFlow, HandsOverWhatAnUpstreamThatIsGoneHadSent) {
  RelayFlow flow(100);
  flow.moved(kUpstream, 10, 4);
  flow.was_reset(kUpstream);
  EXPECT_TRUE(flow.hands_over());
  EXPECT_FALSE(flow.end());
  EXPECT_FALSE(flow.reads(kClient) || flow.reads(kUpstream) || flow.shuts(kClient));
  flow.drained(kClient);
  flow.handed_over();
  EXPECT_EQ(flow.end(), RelayEnd::kUpstreamReset);
  EXPECT_FALSE(flow.hands_over());
}

TEST(RelayFlow, EndsWithItsClientWhileItHandsOver) {
  RelayFlow flow(100);
  flow.moved(kUpstream, 10, 4);
  flow.failed(kUpstream);
  flow.was_reset(kClient);
  EXPECT_EQ(flow.end(), RelayEnd::kClientReset);
}

TEST_P(RelayFlowTest, EndsAtAFailureWhateverWaitsForTheOther) {
  flow.moved(there, 10, 4);
  flow.failed(here);
  if (flow.hands_over()) flow.drained(kClient);
  if (flow.hands_over()) flow.handed_over();
  EXPECT_EQ(flow.end(), here == kClient ? RelayEnd::kClientFailed : RelayEnd::kUpstreamFailed);
}

TEST_P(RelayFlowTest, EndsAtAResetOfOneThatHadEnded) {
  flow.ended(here);
  flow.was_reset(here);
  if (flow.hands_over()) flow.handed_over();
  EXPECT_EQ(flow.end(), here == kClient ? RelayEnd::kClientReset : RelayEnd::kUpstreamReset);
}

TEST_P(RelayFlowTest, KeepsTheFirstReason) {
  flow.was_reset(here);
  if (flow.hands_over()) flow.handed_over();
  flow.failed(there);
  flow.ended(here);
  flow.ended(there);
  EXPECT_EQ(flow.end(), here == kClient ? RelayEnd::kClientReset : RelayEnd::kUpstreamReset);
}

}  // namespace
}  // namespace throttle::proxy
