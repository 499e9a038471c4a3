// Fencing tokens: strictly increasing, also across restarts, exact in JSON.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;

constexpr std::int64_t kWallMs = 50'000'000'000;  // about mid 2026

class FencingTokens : public LedgerTest {
 protected:
  FencingTokens() : LedgerTest({.seed = 1, .start = kStart, .wall_ms = kWallMs}) {
    configure({{.name = "A", .full_count = 100}, {.name = "B", .full_count = 1, .level = 1}});
  }
  FencingToken token_of(PeerId peer, std::string_view semaphore) {
    return ask({.peer = peer, .semaphore = semaphore}).token;
  }
};

TEST_F(FencingTokens, TellTheTimeOfTheGrant) {
  EXPECT_EQ(token_of(add_peer(), "A"), FencingToken{kWallMs} << 12U);
  pass(7ms);
  EXPECT_EQ(token_of(add_peer(), "A"), FencingToken{kWallMs + 7} << 12U);
}

TEST_F(FencingTokens, OfOneInstantFollowEachOther) {
  const FencingToken first = token_of(add_peer(), "A");
  EXPECT_EQ(token_of(add_peer(), "A"), first + 1);
  EXPECT_EQ(token_of(add_peer(), "A"), first + 2);
}

TEST_F(FencingTokens, GrowFromGrantToGrantWhateverTheSemaphore) {
  FencingToken last = 0;
  for (int i = 0; i < 50; ++i) {
    const PeerId peer = add_peer();
    for (const std::string_view semaphore : {"B", "A"}) {
      const FencingToken token = token_of(peer, semaphore);
      EXPECT_GT(token, last);
      last = token;
    }
    remove_peer(peer);
    pass(i % 3 * 100us);
  }
}

TEST_F(FencingTokens, OfARepeatedAcquireIsTheSame) {
  const PeerId peer = add_peer();
  const FencingToken token = token_of(peer, "A");
  pass(10s);
  EXPECT_EQ(token_of(peer, "A"), token);
}

TEST_F(FencingTokens, OfALaterGrantOfTheSameLockIsAnother) {
  const PeerId peer = add_peer();
  const FencingToken token = token_of(peer, "A");
  release(peer, "A");
  EXPECT_GT(token_of(peer, "A"), token);
}

TEST_F(FencingTokens, AreNotIssuedToThoseWhoWait) {
  token_of(add_peer(), "B");
  const PeerId waiter = add_peer();
  EXPECT_EQ(token_of(waiter, "B"), 0U);
}

TEST_F(FencingTokens, OfAWaiterIsIssuedAtItsGrant) {
  const PeerId holder = add_peer(), waiter = add_peer();
  const FencingToken first = token_of(holder, "B");
  acquire(waiter, "B");
  pass(1s);
  events();
  release(holder, "B");
  const auto grants = events_of(EventKind::kGranted);
  ASSERT_EQ(grants.size(), 1U);
  EXPECT_EQ(grants[0].token, FencingToken{kWallMs + 1000} << 12U);
  EXPECT_GT(grants[0].token, first);
  EXPECT_EQ(token_of(waiter, "B"), grants[0].token);
}

TEST_F(FencingTokens, AreNotIssuedToRestoredLocks) {
  restore(1, {{"A", 1}, {"B", 1}});
  EXPECT_EQ(token_of(1, "A"), 0U);
  EXPECT_EQ(token_of(1, "B"), 0U);
}

// A expires, B is granted, A restores: a resource that compares tokens must not shut out B.
TEST_F(FencingTokens, OfAnExpiredPeerThatRestoresIsNotAboveItsSuccessors) {
  const PeerId first = add_peer(1s);
  token_of(first, "B");
  pass(2s);
  const FencingToken granted = token_of(add_peer(), "B");
  EXPECT_GT(granted, 0U);
  restore(first, {{"B", 1}});
  const auto repeated = ask({.peer = first, .semaphore = "B"});
  EXPECT_EQ(repeated.status, kAcquired);
  EXPECT_TRUE(repeated.holds);
  EXPECT_EQ(repeated.token, 0U);
}

TEST_F(FencingTokens, OfARestoredLockIsIssuedWhenItIsAcquiredAfresh) {
  restore(1, {{"A", 1}});
  release(1, "A");
  EXPECT_GT(token_of(1, "A"), 0U);
}

TEST_F(FencingTokens, OfATimeThatStoodStillStillGrow) {
  const FencingToken first = token_of(add_peer(), "A");
  now -= 1s;
  EXPECT_EQ(token_of(add_peer(), "A"), first + 1);
}

TEST_F(FencingTokens, FitIntoFiftyThreeBitsForTheNextDecades) {
  pass(24h * 365 * 40);
  EXPECT_LT(token_of(add_peer(), "A"), FencingToken{1} << 53U);
}

TEST_F(FencingTokens, OfARestartedLedgerAreGreaterThanAllBefore) {
  FencingToken last = 0;
  for (int i = 0; i < 50; ++i)
    last = token_of(add_peer(), "A");
  const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 100}};
  CheckedLedger restarted({.seed = 2, .start = kStart, .wall_ms = kWallMs + 1});
  restarted.configure(kStart, settings);
  const PeerId peer = restarted.add_peer(kStart, living(1h));
  EXPECT_GT(restarted.acquire(kStart, {.peer = peer, .semaphore = "A"}).token, last);
  EXPECT_EQ(restarted.violation(), "");
}

TEST_F(FencingTokens, BeginAtOneWhereNoWallClockIsKnown) {
  CheckedLedger ledger({.seed = 2, .start = kStart});
  const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 100}};
  ledger.configure(kStart, settings);
  const PeerId peer = ledger.add_peer(kStart, living(1h));
  EXPECT_EQ(ledger.acquire(kStart, {.peer = peer, .semaphore = "A"}).token, 1U);
}

}  // namespace
}  // namespace throttle::testing
