#include "libthrottle/uv/resolver.h"

#include <algorithm>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/loop.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

using testing::Contains;
using testing::StartsWith;

const SocketAddress kLoopback80{IpAddress::from_v4({127, 0, 0, 1}), 80};

// Reserved by RFC 6761: no name server may know it.
const HostPort kNobody{"nobody.invalid", 80};

TEST(Resolve, ReadsNumericHostsWithoutAsking) {
  EXPECT_EQ(resolve({"127.0.0.1", 80}), Addresses{kLoopback80});
  const auto v6 = resolve({"::1", 443});
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->front().to_string(), "[::1]:443");
}

TEST(Resolve, KnowsThisMachineOnce) {
  const auto addresses = resolve({"localhost", 80});
  ASSERT_TRUE(addresses) << addresses.error().message;
  EXPECT_EQ(std::ranges::count(*addresses, kLoopback80), 1);
}

TEST(Resolve, NamesAHostThatDoesNotExist) {
  const auto addresses = resolve(kNobody);
  ASSERT_FALSE(addresses);
  EXPECT_THAT(addresses.error().message, StartsWith("cannot look up the host nobody.invalid: "));
}

class ResolverTest : public testing::Test {
 protected:
  void on_done(Result<Addresses> told) {
    result = std::move(told);
    loop.stop();
    resolver.reset();
  }
  void begin(const HostPort& target) {
    resolver.emplace(loop, target, bound<&ResolverTest::on_done>(this));
  }
  void look_up(const HostPort& target) {
    begin(target);
    EXPECT_FALSE(result) << "not before the loop runs";
    run_until_stopped(loop);
    EXPECT_FALSE(resolver);
  }

  Loop loop;
  std::optional<Resolver> resolver;
  std::optional<Result<Addresses>> result;
};

TEST_F(ResolverTest, AnswersForANumericHost) {
  look_up({"127.0.0.1", 80});
  EXPECT_EQ(result, Addresses{kLoopback80});
}

TEST_F(ResolverTest, AnswersForAName) {
  look_up({"localhost", 80});
  ASSERT_TRUE(result && *result);
  EXPECT_THAT(**result, Contains(kLoopback80));
}

TEST_F(ResolverTest, TellsAFailure) {
  look_up(kNobody);
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_THAT(result->error().message, StartsWith("cannot look up the host nobody.invalid: "));
}

TEST_F(ResolverTest, DropsTheAnswerWhenItIsDestroyed) {
  for (int i = 0; i < 20; ++i) {
    begin({"localhost", 80});
    resolver.reset();
  }
  begin({"127.0.0.1", 80});
  resolver.reset();
  loop.run();
  EXPECT_FALSE(result);
}

}  // namespace
}  // namespace throttle::uv
