// Look-ups of known hosts without a server, and of others with a name server of the test.
#include "libthrottle/uv/resolver.h"

#include <chrono>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "tests/uv/name_server.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

using testing::StartsWith;
using namespace std::chrono_literals;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

const ResolvedHost kLoopback80{.addresses = {{ip("127.0.0.1"), 80}}};
const Result<ResolvedHost> kLocalhost80 =
    ResolvedHost{.addresses = {{ip("127.0.0.1"), 80}, {ip("::1"), 80}}};

// A success, to be compared with what was expected; a failure is an empty host.
ResolvedHost host_in(const std::optional<Result<ResolvedHost>>& result) {
  return result && *result ? **result : ResolvedHost{};
}

// Reserved by RFC 6761: it does not exist.
const HostPort kNobody{"nobody.invalid", 80};

TEST(KnownHost, ReadsNumericHosts) {
  EXPECT_EQ(host_in(known_host({"127.0.0.1", 80})), kLoopback80);
  const auto v6 = known_host({"::1", 443});
  ASSERT_TRUE(v6 && *v6);
  EXPECT_EQ((*v6)->addresses.front().to_string(), "[::1]:443");
}

TEST(KnownHost, KnowsThisMachine) {
  for (const char* host : {"localhost", "localhost.", "LocalHost", "office.localhost"})
    EXPECT_EQ(host_in(known_host({host, 80})), kLocalhost80) << host;
}

TEST(KnownHost, KnowsThatReservedNamesDoNotExist) {
  const auto host = known_host(kNobody);
  ASSERT_TRUE(host && !*host);
  EXPECT_EQ(host->error().code, ErrorCode::kNotFound);
  EXPECT_THAT(host->error().message, StartsWith("cannot look up the host nobody.invalid: "));
}

TEST(KnownHost, LeavesAllOtherNamesToTheSystem) {
  for (const char* host : {"office.test", "notlocalhost", "localhost.test"})
    EXPECT_FALSE(known_host({host, 80})) << host;
}

class ResolverTest : public testing::Test {
 protected:
  void on_done(Result<ResolvedHost> found) {
    result = std::move(found);
    loop.stop();
    resolver.reset();
  }
  void begin(const HostPort& target, Duration limit = kLookUpLimit) {
    resolver.emplace(loop, target, bound<&ResolverTest::on_done>(this), limit);
  }
  void look_up(const HostPort& target, Duration limit = kLookUpLimit) {
    result.reset();
    begin(target, limit);
    EXPECT_FALSE(result) << "not before the loop runs";
    run_until_stopped(loop);
    EXPECT_FALSE(resolver);
  }
  std::string failure() const { return result && !*result ? result->error().message : "none"; }

  Loop loop;
  NameServer server{loop};
  std::optional<Resolver> resolver;
  std::optional<Result<ResolvedHost>> result;
};

TEST_F(ResolverTest, AnswersForANumericHost) {
  look_up({"127.0.0.1", 80});
  EXPECT_EQ(host_in(result), kLoopback80);
}

TEST_F(ResolverTest, AnswersForThisMachine) {
  look_up({"localhost", 80});
  EXPECT_EQ(host_in(result), kLocalhost80);
  EXPECT_EQ(server.questions, 0);
}

TEST_F(ResolverTest, AsksTheNameServerAndSaysHowLongTheAnswerHolds) {
  server.set("office.test", {ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.1")}, 70);
  look_up({"office.test", 80});
  ASSERT_TRUE(result && *result) << failure();
  EXPECT_THAT((*result)->addresses,
              testing::UnorderedElementsAre(SocketAddress{ip("192.0.2.1"), 80},
                                            SocketAddress{ip("192.0.2.2"), 80}));
  EXPECT_EQ((*result)->time_to_live, 70s);
}

TEST_F(ResolverTest, ReportsAHostThatTheNameServerDoesNotKnow) {
  look_up({"nobody.test", 80});
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().code, ErrorCode::kNotFound);
  EXPECT_EQ(failure(), "cannot look up the host nobody.test: there is no host of this name");
}

TEST_F(ResolverTest, ReportsANameWithoutAnAddress) {
  server.set("empty.test", {}, 70);
  look_up({"empty.test", 80});
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().code, ErrorCode::kNotFound);
}

TEST_F(ResolverTest, AsksASilentNameServerNoLongerThanTheLimit) {
  server.silent = true;
  look_up({"office.test", 80}, 50ms);
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(failure(), "cannot look up the host office.test: no answer within 50ms");
}

TEST_F(ResolverTest, ReportsAFailureForNamesOfReservedDomains) {
  look_up(kNobody);
  EXPECT_THAT(failure(), StartsWith("cannot look up the host nobody.invalid: "));
}

TEST_F(ResolverTest, LooksEachNameUpOnItsOwn) {
  server.silent = true;
  auto unexpected = [](const Result<ResolvedHost>&) { ADD_FAILURE() << "nobody has answered"; };
  const Resolver hanging(loop, {"slow.test", 80}, unexpected);
  run_briefly(loop);
  server.silent = false;
  server.set("office.test", {ip("192.0.2.1")}, 1);
  look_up({"office.test", 80});
  EXPECT_TRUE(*result) << failure();
}

TEST_F(ResolverTest, DropsTheAnswerWhenItIsDestroyed) {
  for (int i = 0; i < 20; ++i) {
    begin({i % 2 == 0 ? "office.test" : "localhost", 80});
    if (i % 4 == 0) run_briefly(loop, 1ms);
    resolver.reset();
  }
  result.reset();
  begin({"127.0.0.1", 80});
  resolver.reset();
  loop.run();
  EXPECT_FALSE(result);
}

}  // namespace
}  // namespace throttle::uv
