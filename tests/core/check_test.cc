// Broken preconditions end the process with the place, before anything is handed out twice.
#include "libthrottle/core/check.h"

#include <gtest/gtest.h>

#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/deadline_heap.h"
#include "libthrottle/core/lease_ledger.h"

namespace throttle {
namespace {

TEST(CheckDeathTest, NamesThePlaceAndTheCondition) {
  const int held = 2, full_count = 1;
  EXPECT_DEATH(THROTTLE_CHECK(held <= full_count),
               "throttle: .*check_test.cc:[0-9]+: held <= full_count does not hold");
}

TEST(CheckDeathTest, PassesWhatHolds) {
  int evaluated = 0;
  THROTTLE_CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(CheckDeathTest, APeerIsNotEnrolledTwice) {
  LeaseLedger ledger;
  const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 2}};
  ledger.configure(TimePoint{}, settings);
  const EnrollRequest request{
      .spec = {.time_to_live = kForever, .address = {}, .label = {}}, .semaphore = "A", .peer = 7};
  ledger.enroll(TimePoint{}, request);
  EXPECT_DEATH(ledger.enroll(TimePoint{}, request), "does not hold");
}

TEST(CheckDeathTest, AnItemHasOneDeadline) {
  DeadlineHeap heap;
  heap.insert(1, TimePoint{});
  EXPECT_DEATH(heap.insert(1, TimePoint{}), "does not hold");
}

TEST(CheckDeathTest, ALimiterOutlivesItsPermits) {
  auto limiter = std::make_unique<ConnectionLimiter>();
  auto permit = limiter->accept(IpAddress::from_v4({10, 0, 0, 1}));
  EXPECT_DEATH(limiter.reset(), "does not hold");
  permit.reset();
}

}  // namespace
}  // namespace throttle
