// A ledger that is woken late charges nobody with the delay: what its clients sent meanwhile is
// read before anybody is removed.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WokenLate : public LedgerTest {
 protected:
  WokenLate() : LedgerTest({.seed = 1, .start = kStart, .wake_tolerance = 1s}) {
    configure({{.name = "A", .full_count = 1}});
    events();
  }
};

TEST_F(WokenLate, RemovesNobodyForTwoSeconds) {
  const PeerId holder = add_peer(900ms);
  acquire(holder, "A");
  EXPECT_EQ(pass(5s), 0U);
  EXPECT_TRUE(holds(holder, "A"));
  EXPECT_EQ(pass(1999ms), 0U);
  EXPECT_EQ(pass(1ms), 1U) << "it did not renew";
}

TEST_F(WokenLate, KeepsWhatIsRenewedMeanwhile) {
  const PeerId holder = add_peer(900ms);
  acquire(holder, "A");
  now += 1h;
  EXPECT_EQ(heartbeat(holder, 10s), Presence::kKnown) << "the very request that finds it late";
  pass(3s);
  EXPECT_TRUE(holds(holder, "A"));
}

TEST_F(WokenLate, ReportsHowLate) {
  add_peer(900ms);
  events();
  pass(5900ms);
  const auto late = events_of(EventKind::kWokenLate);
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_GE(late[0].waited, 5s);
  EXPECT_EQ(late[0].semaphore, kNoSemaphore);
  pass(1s);
  EXPECT_THAT(events_of(EventKind::kWokenLate), IsEmpty());
}

TEST_F(WokenLate, IsNotWhoComesWithinTheTolerance) {
  const PeerId holder = add_peer(900ms);
  now = ledger().next_deadline() + 1s;
  heartbeat(holder, 900ms);
  EXPECT_THAT(events_of(EventKind::kWokenLate), IsEmpty());
}

TEST_F(WokenLate, IsNotWhoHadNothingToWakeFor) {
  pass(1h);
  add_peer(900ms);
  EXPECT_THAT(events_of(EventKind::kWokenLate), IsEmpty());
}

TEST_F(WokenLate, WantsToBeWokenWhenTheTwoSecondsAreOver) {
  add_peer(900ms);
  pass(5s);
  EXPECT_EQ(ledger().next_deadline(), now + 2s);
}

TEST_F(WokenLate, CountsAReloadAsWell) {
  const PeerId holder = add_peer(900ms);
  acquire(holder, "A");
  now += 5s;
  configure({{.name = "A", .full_count = 2}});
  EXPECT_TRUE(holds(holder, "A"));
}

TEST_F(WokenLate, LetsWhoLeavesGo) {
  const PeerId holder = add_peer(900ms), waiter = add_peer();
  acquire(holder, "A");
  acquire(waiter, "A");
  now += 5s;
  release(holder, "A");
  EXPECT_TRUE(holds(waiter, "A"));
}

TEST_F(LedgerTest, WithoutAToleranceIsNeverLate) {
  const PeerId peer = add_peer(900ms);
  pass(1h);
  EXPECT_FALSE(is_known(peer));
}

}  // namespace
}  // namespace throttle::testing
