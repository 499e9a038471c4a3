// An operator ends a peer in a while, and keeps it from coming back.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using namespace std::chrono_literals;
using enum RestoreStatus;
using ::testing::ElementsAre;

class Force : public LedgerTest {
 protected:
  Force() {
    configure({{.name = "A", .full_count = 1}});
    events();
  }
};

TEST_F(Force, EndsAPeerWhoseClientRenewsIt) {
  const PeerId peer = asking("A");
  const PeerId next = asking("A");
  EXPECT_EQ(end_within(peer, 30s), Presence::kKnown);
  pass(29s);
  heartbeat(peer, 1h);
  EXPECT_EQ(restore(peer, {{"A", 1}}), kAlreadyKnown) << "it is there, and not prolonged";
  EXPECT_TRUE(holds(peer, "A")) << "nobody else uses what it uses";
  events();
  pass(1s);
  EXPECT_TRUE(holds(next, "A"));
  const auto ended = events_of(EventKind::kLeaseEnded);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].cause, Cause::kForced);
}

TEST_F(Force, NeverMakesALifeLonger) {
  const PeerId mortal = add_peer(10s);
  end_within(mortal, 1h);
  const PeerId limited = add_peer(kForever);
  limit_hold(limited, 5s);
  end_within(limited, 1h);
  const PeerId early = add_peer(kForever);
  end_within(early, 5s);
  limit_hold(early, 1h);
  end_within(early, 1h);
  pass(5s);
  EXPECT_THAT(removed(), ElementsAre(limited, early));
  pass(5500ms);
  EXPECT_THAT(removed(), ElementsAre(mortal));
}

TEST_F(Force, EndsAWaitToo) {
  asking("A");
  const PeerId waiter = asking("A");
  end_within(waiter, 1s);
  events();
  pass(1s);
  const auto ended = events_of(EventKind::kWaitEnded);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].cause, Cause::kForced);
}

TEST_F(Force, OfAnUnknownPeerIsNone) {
  EXPECT_EQ(end_within(99, 1s), Presence::kUnknown);
}

TEST_F(Force, KeepsAPeerFromBeingRestoredForAWhile) {
  const PeerId peer = asking("A");
  EXPECT_TRUE(bar(peer, 1h));
  EXPECT_EQ(restore(peer, {{"A", 1}}), kAlreadyKnown) << "it is still there";
  remove_peer(peer, Cause::kForced);
  EXPECT_EQ(restore(peer, {{"A", 1}}), kBarred);
  EXPECT_EQ(restore(peer, {{"A", 1}, {"unknown", 1}}), kBarred);
  EXPECT_EQ(remainder("A"), 1);
  EXPECT_TRUE(bar(peer, 1min)) << "which makes it no shorter";
  pass(1h - 1ns);
  EXPECT_EQ(restore(peer, {{"A", 1}}), kBarred);
  pass(1ns);
  EXPECT_EQ(restore(peer, {{"A", 1}}), kRestored);
}

TEST_F(Force, KeepsNoMorePeersAwayThanItCanRemember) {
  LeaseLedger ledger({.start = now});
  for (PeerId id = 1; id <= LeaseLedger::kMostBarred; ++id)
    ASSERT_TRUE(ledger.bar(now, id, id == 7 ? 1s : 1h));
  EXPECT_FALSE(ledger.bar(now, 1'000'000, 1h));
  EXPECT_TRUE(ledger.bar(now, 1, 2h)) << "it is among them";
  EXPECT_TRUE(ledger.bar(now + 1s, 1'000'000, 1h)) << "the time of one is over";
}

}  // namespace
}  // namespace throttle::testing
