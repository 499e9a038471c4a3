// Pauses of the whole ledger: nothing is granted, and all else goes on.
#include <gtest/gtest.h>

#include "libthrottle/core/lease_ledger.h"

namespace throttle {
namespace {

using namespace std::chrono_literals;

class LedgerPause : public testing::Test {
 protected:
  LedgerPause() { ledger.configure(now, std::vector<SemaphoreSettings>{{"A", 1}}); }
  ~LedgerPause() override { EXPECT_EQ(ledger.check(), ""); }

  PeerId waiter(std::string_view semaphore) {
    return ledger.enroll(now, {.spec = {}, .semaphore = semaphore}).peer;
  }

  LeaseLedger ledger;
  TimePoint now;
};

TEST_F(LedgerPause, HoldsForSemaphoresThatAreConfiguredLater) {
  ledger.pause_all();
  const PeerId on_a = waiter("A");
  ledger.configure(now, std::vector<SemaphoreSettings>{{"A", 1}, {"B", 1}});
  const PeerId on_b = waiter("B");
  EXPECT_EQ(ledger.is_acquired(on_a), false);
  EXPECT_EQ(ledger.is_acquired(on_b), false);
  EXPECT_TRUE(ledger.semaphore("B")->paused);
  ledger.resume_all(now);
  EXPECT_EQ(ledger.is_acquired(on_a), true);
  EXPECT_EQ(ledger.is_acquired(on_b), true);
  EXPECT_FALSE(ledger.semaphore("B")->paused);
}

TEST_F(LedgerPause, IsCountedApartFromTheOneOfASemaphore) {
  ledger.pause("A");
  ledger.pause_all();
  ledger.pause_all();
  const PeerId peer = waiter("A");
  ledger.resume_all(now);
  ledger.resume(now, "A");
  ledger.resume(now, "A");
  EXPECT_EQ(ledger.is_acquired(peer), false);
  ledger.resume_all(now);
  EXPECT_EQ(ledger.is_acquired(peer), true);
}

TEST_F(LedgerPause, LetsHeartbeatsReleasesRestoresAndExpiriesGoOn) {
  const PeerId holder = ledger.add_peer(now, {.time_to_live = 10s, .address = {}, .label = {}});
  EXPECT_EQ(ledger.acquire(now, {.peer = holder, .semaphore = "A"}).status,
            AcquireStatus::kAcquired);
  ledger.pause_all();
  EXPECT_EQ(ledger.heartbeat(now, holder, 20s), Presence::kKnown);
  const PeerSpec spec{.time_to_live = 5s, .address = {}, .label = {}};
  ledger.restore(now, {.peer = 77, .spec = spec, .held = {}});
  EXPECT_TRUE(ledger.contains(77));
  now += 10s;  // what holds nothing expires with some slack
  ledger.advance(now);
  EXPECT_FALSE(ledger.contains(77));
  EXPECT_EQ(ledger.release(now, holder, "A"), ReleaseStatus::kReleased);
  EXPECT_EQ(ledger.remainder("A"), 1);
  ledger.resume_all(now);
}

}  // namespace
}  // namespace throttle
