// The rate of each client, with a clock in hand.
#include "libthrottle/gate/client_rate.h"

#include <chrono>
#include <utility>

#include <gtest/gtest.h>

namespace throttle::gate {
namespace {

using namespace std::chrono_literals;

IpAddress address(std::uint8_t last) {
  return IpAddress::from_v4({10, 0, 0, last});
}

class ClientRateTest : public testing::Test {
 protected:
  int accepted(const IpAddress& client, int attempts) {
    int count = 0;
    for (int i = 0; i < attempts; ++i)
      count += rate.accept(client, now, limit, clients) ? 1 : 0;
    return count;
  }

  ClientRate rate;
  MaxRate limit{.connections = 3, .time = 30s};
  ConnectionLimiter::Config clients;
  TimePoint now{1h};
};

TEST_F(ClientRateTest, AllowsThatNumberAtOnceAndThenOneEachPart) {
  EXPECT_EQ(accepted(address(1), 5), 3);
  now += 9s;
  EXPECT_EQ(accepted(address(1), 5), 0);
  now += 1s;
  EXPECT_EQ(accepted(address(1), 5), 1);
  now += 1h;
  EXPECT_EQ(accepted(address(1), 5), 3);
}

TEST_F(ClientRateTest, CountsEachClientByItself) {
  EXPECT_EQ(accepted(address(1), 5), 3);
  EXPECT_EQ(accepted(address(2), 5), 3);
  clients.v4_prefix_bits = 24;
  EXPECT_EQ(accepted(address(3), 2), 2);
  EXPECT_EQ(accepted(address(4), 2), 1) << "a neighbour is the same client";
}

TEST_F(ClientRateTest, AllowsEverythingWithoutALimitAndToThoseThatAreExempt) {
  clients.overrides = {{*IpNetwork::parse("10.0.0.0/8"), ConnectionLimiter::kUnlimited},
                       {*IpNetwork::parse("10.0.0.9"), 100}};
  EXPECT_EQ(accepted(address(1), 9), 9);
  EXPECT_EQ(accepted(address(9), 9), 3) << "the narrowest network counts";
  limit = {};
  EXPECT_EQ(accepted(address(9), 9), 9);
}

TEST_F(ClientRateTest, ForgetsThoseThatHaveBeenAwayForLong) {
  for (int i = 0; i < 20'000; ++i) {
    const auto bytes = static_cast<std::uint8_t>(i % 256);
    const auto more = static_cast<std::uint8_t>(i / 256);
    EXPECT_TRUE(rate.accept(IpAddress::from_v4({10, 1, more, bytes}), now, limit, clients));
    now += 1s;
  }
  EXPECT_LT(rate.size(), 1100U);
}

TEST_F(ClientRateTest, RemembersALimitedNumberAndLetsTheOthersIn) {
  constexpr int kMost = static_cast<int>(ClientRate::kMost);
  const auto numbered = [](int number) {
    return IpAddress::from_v4({10, static_cast<std::uint8_t>(number >> 16),
                               static_cast<std::uint8_t>(number >> 8),
                               static_cast<std::uint8_t>(number)});
  };
  for (int i = 0; i < kMost + 1000; ++i)
    EXPECT_EQ(accepted(numbered(i), 1), 1);
  EXPECT_EQ(rate.size(), ClientRate::kMost);
  EXPECT_EQ(accepted(numbered(kMost + 1), 5), 5) << "not limited";
  EXPECT_EQ(accepted(numbered(0), 5), 2);
  now += 1h;
  EXPECT_EQ(accepted(numbered(kMost + 1), 5), 3);
  EXPECT_EQ(rate.size(), 1U);
}

TEST_F(ClientRateTest, ForgetsEverybodyWhenItIsSwitchedOff) {
  EXPECT_EQ(accepted(address(1), 5), 3);
  EXPECT_EQ(rate.size(), 1U);
  const MaxRate before = std::exchange(limit, {});
  EXPECT_EQ(accepted(address(1), 1), 1);
  EXPECT_EQ(rate.size(), 0U);
  limit = before;
  EXPECT_EQ(accepted(address(1), 5), 3);
}

}  // namespace
}  // namespace throttle::gate
