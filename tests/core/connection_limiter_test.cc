// How many connections a client may have: permits, overrides, and a configuration that changes.
#include "libthrottle/core/connection_limiter.h"

#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace throttle {
namespace {

using Permits = std::vector<ConnectionLimiter::Permit>;

IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}

// How many more connections the address gets, up to ten; they stay open in `permits`.
std::size_t accepted(ConnectionLimiter& limiter, std::string_view from, Permits& permits) {
  std::size_t count = 0;
  while (count < 10) {
    auto permit = limiter.accept(address(from));
    if (!permit) break;
    permits.push_back(std::move(*permit));
    ++count;
  }
  return count;
}

TEST(ConnectionLimiter, LimitsNobodyAtFirst) {
  ConnectionLimiter limiter;
  Permits permits;
  EXPECT_EQ(accepted(limiter, "10.0.0.1", permits), 10U);
}

TEST(ConnectionLimiter, RefusesOneTooMany) {
  ConnectionLimiter limiter({.max_per_client = 3});
  Permits permits;
  EXPECT_EQ(accepted(limiter, "10.0.0.1", permits), 3U);
  EXPECT_FALSE(limiter.accept(address("10.0.0.1")).has_value());
  EXPECT_EQ(limiter.open_count(address("10.0.0.1")), 3U) << "a refusal counts nothing";
}

TEST(ConnectionLimiter, CountsEachClientAlone) {
  ConnectionLimiter limiter({.max_per_client = 2});
  Permits permits;
  EXPECT_EQ(accepted(limiter, "10.0.0.1", permits), 2U);
  EXPECT_EQ(accepted(limiter, "10.0.0.2", permits), 2U);
  EXPECT_EQ(limiter.open_count(), 4U);
}

TEST(ConnectionLimiter, APermitThatGoesGivesItsPlaceBack) {
  ConnectionLimiter limiter({.max_per_client = 1});
  {
    const auto permit = limiter.accept(address("10.0.0.1"));
    EXPECT_FALSE(limiter.accept(address("10.0.0.1")).has_value());
  }
  EXPECT_EQ(limiter.open_count(address("10.0.0.1")), 0U);
  EXPECT_TRUE(limiter.accept(address("10.0.0.1")).has_value());
}

TEST(ConnectionLimiter, AMovedPermitIsGivenBackOnce) {
  ConnectionLimiter limiter({.max_per_client = 2});
  auto first = limiter.accept(address("10.0.0.1"));
  auto second = limiter.accept(address("10.0.0.1"));
  {
    const ConnectionLimiter::Permit taken(std::move(*first));
    EXPECT_EQ(limiter.open_count(), 2U);
  }
  EXPECT_EQ(limiter.open_count(), 1U);
  first.reset();
  EXPECT_EQ(limiter.open_count(), 1U);
  second.reset();
  EXPECT_EQ(limiter.open_count(), 0U);
}

TEST(ConnectionLimiter, APermitAssignedOverGivesItsOldPlaceBackInTheEnd) {
  ConnectionLimiter limiter;
  auto kept = limiter.accept(address("10.0.0.1"));
  {
    auto other = limiter.accept(address("10.0.0.2"));
    *kept = std::move(*other);
  }
  EXPECT_EQ(limiter.open_count(address("10.0.0.1")), 0U);
  EXPECT_EQ(limiter.open_count(address("10.0.0.2")), 1U);
}

TEST(ConnectionLimiter, AnIpv6NetworkOf64BitsIsOneClient) {
  ConnectionLimiter limiter({.max_per_client = 2});
  Permits permits;
  EXPECT_EQ(accepted(limiter, "2001:db8:1:2::1", permits), 2U);
  EXPECT_EQ(accepted(limiter, "2001:db8:1:2:ffff::", permits), 0U);
  EXPECT_EQ(accepted(limiter, "2001:db8:1:3::1", permits), 2U);
  EXPECT_EQ(limiter.open_count(address("2001:db8:1:2:aaaa::9")), 2U);
}

TEST(ConnectionLimiter, AMappedAddressIsTheSameClient) {
  ConnectionLimiter limiter({.max_per_client = 1});
  const auto permit = limiter.accept(address("10.0.0.1"));
  EXPECT_FALSE(limiter.accept(address("::ffff:10.0.0.1")).has_value());
}

TEST(ConnectionLimiter, PrefixesAreSettable) {
  ConnectionLimiter limiter({.max_per_client = 1, .v4_prefix_bits = 24, .v6_prefix_bits = 48});
  const auto v4 = limiter.accept(address("10.0.0.1"));
  const auto v6 = limiter.accept(address("2001:db8:1:2::1"));
  EXPECT_FALSE(limiter.accept(address("10.0.0.200")).has_value());
  EXPECT_TRUE(limiter.accept(address("10.0.1.1")).has_value());
  EXPECT_FALSE(limiter.accept(address("2001:db8:1:ffff::1")).has_value());
}

TEST(ConnectionLimiter, ALimitOfZeroLetsNobodyIn) {
  ConnectionLimiter limiter({.max_per_client = 0});
  EXPECT_FALSE(limiter.accept(address("10.0.0.1")).has_value());
}

ConnectionLimiter::Override exception(std::string_view network, std::size_t limit) {
  return {.network = IpNetwork::parse(network).value(), .max_per_client = limit};
}

TEST(ConnectionLimiter, NetworksMayBeExemptOrHaveALimitOfTheirOwn) {
  ConnectionLimiter limiter({.max_per_client = 1,
                             .overrides = {exception("10.0.0.0/8", ConnectionLimiter::kUnlimited),
                                           exception("192.0.2.0/24", 3)}});
  Permits permits;
  EXPECT_EQ(accepted(limiter, "10.1.2.3", permits), 10U);
  EXPECT_EQ(accepted(limiter, "192.0.2.1", permits), 3U);
  EXPECT_EQ(accepted(limiter, "192.0.2.2", permits), 3U) << "a client, not the network";
  EXPECT_EQ(accepted(limiter, "203.0.113.1", permits), 1U);
}

TEST(ConnectionLimiter, OfSeveralNetworksTheNarrowestCounts) {
  ConnectionLimiter limiter({.max_per_client = 1,
                             .overrides = {exception("10.0.0.0/8", 2), exception("10.1.0.0/16", 4),
                                           exception("10.0.0.0/12", 3)}});
  Permits permits;
  EXPECT_EQ(accepted(limiter, "10.1.0.1", permits), 4U);
  EXPECT_EQ(accepted(limiter, "10.2.0.1", permits), 3U);
  EXPECT_EQ(accepted(limiter, "10.99.0.1", permits), 2U);
}

TEST(ConnectionLimiter, LoweringALimitClosesNobody) {
  ConnectionLimiter limiter({.max_per_client = 3});
  Permits permits;
  accepted(limiter, "10.0.0.1", permits);
  limiter.set_config({.max_per_client = 1});
  EXPECT_EQ(limiter.config().max_per_client, 1U);
  EXPECT_EQ(limiter.open_count(address("10.0.0.1")), 3U);
  permits.clear();
  Permits later;
  EXPECT_EQ(accepted(limiter, "10.0.0.1", later), 1U);
}

TEST(ConnectionLimiter, AfterLoweringNewOnesWaitUntilEnoughAreGone) {
  ConnectionLimiter limiter({.max_per_client = 3});
  Permits permits;
  accepted(limiter, "10.0.0.1", permits);
  limiter.set_config({.max_per_client = 2});
  permits.pop_back();
  EXPECT_FALSE(limiter.accept(address("10.0.0.1")).has_value());
  permits.pop_back();
  EXPECT_TRUE(limiter.accept(address("10.0.0.1")).has_value());
}

TEST(ConnectionLimiter, RaisingALimitLetsMoreInAtOnce) {
  ConnectionLimiter limiter({.max_per_client = 1});
  Permits permits;
  accepted(limiter, "10.0.0.1", permits);
  limiter.set_config({.max_per_client = 3});
  EXPECT_EQ(accepted(limiter, "10.0.0.1", permits), 2U);
}

TEST(ConnectionLimiter, AnotherGroupingLeavesOpenConnectionsWithTheClientTheyCameFrom) {
  ConnectionLimiter limiter({.max_per_client = 2});
  auto permit = limiter.accept(address("10.0.0.1"));
  limiter.set_config({.max_per_client = 2, .v4_prefix_bits = 24});
  Permits permits;
  EXPECT_EQ(accepted(limiter, "10.0.0.2", permits), 2U);
  permit.reset();
  EXPECT_EQ(limiter.open_count(), 2U);
  permits.clear();
  EXPECT_EQ(limiter.open_count(), 0U);
}

TEST(ConnectionLimiter, ManyClientsComeAndGo) {
  ConnectionLimiter limiter({.max_per_client = 1});
  for (int round = 0; round < 3; ++round) {
    Permits permits;
    for (std::uint8_t i = 0; i < 250; ++i) {
      auto permit = limiter.accept(IpAddress::from_v4({10, 0, 0, i}));
      ASSERT_TRUE(permit.has_value());
      permits.push_back(std::move(*permit));
    }
    EXPECT_EQ(limiter.open_count(), 250U);
  }
  EXPECT_EQ(limiter.open_count(), 0U);
}

TEST(ConnectionLimiter, AnyThreadMayUseItAtAnyTime) {
  constexpr std::size_t kLimit = 3;
  ConnectionLimiter limiter({.max_per_client = kLimit});
  std::vector<std::size_t> most(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(most.size());
    for (std::size_t& seen : most) {
      threads.emplace_back([&limiter, &seen] {
        for (int i = 0; i < 2'000; ++i) {
          const auto permit = limiter.accept(address("10.0.0.1"));
          seen = std::max(seen, limiter.open_count(address("10.0.0.1")));
          if (i % 100 == 0) limiter.set_config({.max_per_client = kLimit});
        }
      });
    }
  }
  EXPECT_EQ(limiter.open_count(), 0U);
  for (const std::size_t seen : most) {
    EXPECT_GE(seen, 1U);
    EXPECT_LE(seen, kLimit);
  }
}

}  // namespace
}  // namespace throttle
