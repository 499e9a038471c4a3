#include "libthrottle/proxy/relay_gait.h"

#include <gtest/gtest.h>

namespace throttle::proxy {
namespace {

constexpr std::size_t kMedium = (RelayGait::kSmall + RelayGait::kLarge) / 2;

TEST(RelayGait, BecomesBulkAfterAFewLargePiecesInARow) {
  RelayGait gait;
  for (int step = 1; step < RelayGait::kSteps; ++step)
    gait.moved(RelayGait::kLarge);
  EXPECT_FALSE(gait.is_bulk());
  gait.moved(RelayGait::kLarge);
  EXPECT_TRUE(gait.is_bulk());
}

TEST(RelayGait, StaysWhileLargePiecesAreRare) {
  RelayGait gait;
  for (int round = 0; round < 10; ++round) {
    for (int step = 1; step < RelayGait::kSteps; ++step)
      gait.moved(RelayGait::kLarge);
    gait.moved(RelayGait::kLarge - 1);
  }
  EXPECT_FALSE(gait.is_bulk());
}

TEST(RelayGait, IsBulkNoLongerAfterAFewSmallPiecesInARow) {
  RelayGait gait;
  for (int step = 0; step < RelayGait::kSteps; ++step)
    gait.moved(RelayGait::kLarge);
  for (int round = 0; round < 10; ++round) {
    gait.moved(kMedium);
    for (int step = 1; step < RelayGait::kSteps; ++step)
      gait.moved(RelayGait::kSmall - 1);
  }
  EXPECT_TRUE(gait.is_bulk());
  gait.moved(1);
  EXPECT_FALSE(gait.is_bulk());
}

}  // namespace
}  // namespace throttle::proxy
