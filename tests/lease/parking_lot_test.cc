// The lot alone: entries are found by exchange, by peer and by deadline, each exactly once.
#include "libthrottle/lease/parking_lot.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::lease {
namespace {

using namespace std::chrono_literals;

std::vector<http::ExchangeId> drain(ParkingLot& lot) {
  std::vector<http::ExchangeId> exchanges;
  while (const auto parked = lot.take_due(kNever))
    exchanges.push_back(parked->exchange);
  return exchanges;
}

TEST(ParkingLot, GivesTheDueEarliestFirstAndEqualOnesInOrderOfArrival) {
  ParkingLot lot;
  lot.park({.exchange = 1, .peer = 5}, TimePoint(3s));
  lot.park({.exchange = 2, .peer = 5}, TimePoint(1s));
  lot.park({.exchange = 3, .peer = 6}, TimePoint(3s));
  EXPECT_EQ(lot.next_deadline(), TimePoint(1s));
  EXPECT_FALSE(lot.take_due(TimePoint(999ms)));
  EXPECT_EQ(drain(lot), (std::vector<http::ExchangeId>{2, 1, 3}));
  EXPECT_EQ(lot.next_deadline(), kNever);
}

TEST(ParkingLot, GivesThoseOfAPeerInOrderOfArrival) {
  ParkingLot lot;
  lot.park({.exchange = 1, .peer = 5}, TimePoint(9s));
  lot.park({.exchange = 2, .peer = 6}, TimePoint(9s));
  lot.park({.exchange = 3, .peer = 5}, TimePoint(1s));
  EXPECT_EQ(lot.take_oldest(5)->exchange, 1U);
  EXPECT_EQ(lot.take_oldest(5)->exchange, 3U);
  EXPECT_FALSE(lot.take_oldest(5));
  EXPECT_EQ(drain(lot), std::vector<http::ExchangeId>{2});
}

TEST(ParkingLot, KeepsItsThreeOrdersInStepWhateverIsTaken) {
  std::mt19937_64 random(1);
  ParkingLot lot;
  std::vector<Parked> twin;  // in the order of arrival
  const auto forget = [&twin](const std::optional<Parked>& parked) {
    if (!parked) return;
    const auto same = [&parked](const Parked& other) { return other.exchange == parked->exchange; };
    ASSERT_EQ(std::erase_if(twin, same), 1U);
  };
  TimePoint now{};
  for (http::ExchangeId exchange = 1; exchange < 5000; ++exchange) {
    const Parked parked{.exchange = exchange, .peer = random() % 20};
    lot.park(parked, now + std::chrono::seconds(random() % 100));
    twin.push_back(parked);
    if (random() % 3 == 0) forget(lot.take(1 + random() % exchange));
    if (random() % 3 == 0) {
      const PeerId peer = random() % 20;
      const auto of_peer = [peer](const Parked& other) { return other.peer == peer; };
      const auto oldest = std::find_if(twin.begin(), twin.end(), of_peer);
      const auto taken = lot.take_oldest(peer);
      ASSERT_EQ(taken.has_value(), oldest != twin.end());
      ASSERT_EQ(taken ? taken->exchange : 0, taken ? oldest->exchange : 0);
      forget(taken);
    }
    now += 1s;
    while (const auto due = lot.take_due(now))
      forget(due);
    ASSERT_EQ(lot.size(), twin.size());
  }
  EXPECT_EQ(drain(lot).size(), twin.size());
  EXPECT_EQ(lot.size(), 0U);
}

}  // namespace
}  // namespace throttle::lease
