// Requests that wait: numbers of arrival that are never used again, and time limits.
#include "libthrottle/core/waiters.h"

#include <chrono>

#include <gtest/gtest.h>

namespace throttle {
namespace {

using namespace std::chrono_literals;

class WaitersTest : public ::testing::Test {
 protected:
  ~WaitersTest() override { EXPECT_EQ(waiters.check(), ""); }

  WaiterSlot add(PeerId peer, TimePoint limit = kNever) {
    return waiters.add({.peer = peer, .since = {}}, limit);
  }

  Waiters waiters;
  const TimePoint now{1h};
};

TEST_F(WaitersTest, APlaceIsUsedAgainAndANumberOfArrivalIsNot) {
  const WaiterSlot first = add(7);
  EXPECT_EQ(waiters[first].arrival, 1U);
  waiters.remove(first);
  EXPECT_EQ(waiters[first].arrival, 0U);
  const WaiterSlot second = add(8);
  EXPECT_EQ(second, first);
  EXPECT_EQ(waiters[second].arrival, 2U);
  EXPECT_EQ(waiters.size(), 1U);
}

TEST_F(WaitersTest, PopsLimitsThatAreOverInTheirOrder) {
  const WaiterSlot late = add(1, now + 2s);
  const WaiterSlot early = add(2, now + 1s);
  add(3);
  EXPECT_LE(waiters.next_deadline(), now + 1s);
  EXPECT_EQ(waiters.pop_due(now), std::nullopt);
  EXPECT_EQ(waiters.pop_due(now + 2s), early);
  EXPECT_EQ(waiters.pop_due(now + 2s), late);
  EXPECT_EQ(waiters.pop_due(now + 2s), std::nullopt);
  EXPECT_EQ(waiters.next_deadline(), kNever);
  EXPECT_EQ(waiters.size(), 3U);
}

TEST_F(WaitersTest, ARemovedOneHasNoLimitAnyMore) {
  waiters.remove(add(1, now + 1s));
  EXPECT_EQ(waiters.pop_due(now + 1h), std::nullopt);
}

}  // namespace
}  // namespace throttle
