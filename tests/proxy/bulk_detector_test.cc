// When a direction counts as bulk, and when no longer.
#include "libthrottle/proxy/bulk_detector.h"

#include <gtest/gtest.h>

namespace throttle::proxy {
namespace {

constexpr std::size_t kMedium = (BulkDetector::kSmall + BulkDetector::kLarge) / 2;

TEST(BulkDetector, BecomesBulkAfterAFewLargePiecesInARow) {
  BulkDetector bulk;
  for (int step = 1; step < BulkDetector::kSteps; ++step)
    bulk.moved(BulkDetector::kLarge);
  EXPECT_FALSE(bulk.is_bulk());
  bulk.moved(BulkDetector::kLarge);
  EXPECT_TRUE(bulk.is_bulk());
}

TEST(BulkDetector, StaysWhileLargePiecesAreRare) {
  BulkDetector bulk;
  for (int round = 0; round < 10; ++round) {
    for (int step = 1; step < BulkDetector::kSteps; ++step)
      bulk.moved(BulkDetector::kLarge);
    bulk.moved(BulkDetector::kLarge - 1);
  }
  EXPECT_FALSE(bulk.is_bulk());
}

TEST(BulkDetector, IsBulkNoLongerAfterAFewSmallPiecesInARow) {
  BulkDetector bulk;
  for (int step = 0; step < BulkDetector::kSteps; ++step)
    bulk.moved(BulkDetector::kLarge);
  for (int round = 0; round < 10; ++round) {
    bulk.moved(kMedium);
    for (int step = 1; step < BulkDetector::kSteps; ++step)
      bulk.moved(BulkDetector::kSmall - 1);
  }
  EXPECT_TRUE(bulk.is_bulk());
  bulk.moved(1);
  EXPECT_FALSE(bulk.is_bulk());
}

}  // namespace
}  // namespace throttle::proxy
