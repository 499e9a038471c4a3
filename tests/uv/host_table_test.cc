// Many hosts, looked up at once with a name server of the test.
#include "libthrottle/uv/host_table.h"

#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/loop.h"
#include "tests/uv/name_server.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

TEST(HostTable, KnowsNumericHostsAndThisMachine) {
  const HostTable table;
  EXPECT_EQ(table.find({"192.0.2.1", 80}), (Addresses{{ip("192.0.2.1"), 80}}));
  EXPECT_EQ(table.find({"localhost", 80}), (Addresses{{ip("127.0.0.1"), 80}, {ip("::1"), 80}}));
}

TEST(HostTable, SaysOfAHostThatItWasNotLookedUp) {
  const auto found = HostTable().find({"office.test", 80});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "cannot look up the host office.test: it was not looked up");
}

TEST(HostTable, GivesEachAddressThePortThatIsAskedFor) {
  HostTable table;
  table.set("office.test", ResolvedHost{.addresses = {{ip("192.0.2.1"), 0}}});
  EXPECT_EQ(table.find({"office.test", 80}), (Addresses{{ip("192.0.2.1"), 80}}));
  EXPECT_EQ(table.find({"office.test", 81}), (Addresses{{ip("192.0.2.1"), 81}}));
}

class HostLookupsTest : public testing::Test {
 protected:
  void on_done(HostTable found) {
    table = std::move(found);
    loop.stop();
    lookups.reset();
  }
  void look_up(const std::vector<HostPort>& hosts, Duration limit = 20s) {
    lookups.emplace(loop, hosts, bound<&HostLookupsTest::on_done>(this), limit);
    EXPECT_FALSE(table) << "not before the loop runs";
    run_until_stopped(loop);
    ASSERT_TRUE(table);
  }

  Loop loop;
  NameServer server{loop};
  std::optional<HostLookups> lookups;
  std::optional<HostTable> table;
};

TEST_F(HostLookupsTest, LookEachHostUpOnce) {
  server.set("one.test", {ip("192.0.2.1")}, 60);
  server.set("two.test", {ip("192.0.2.2")}, 60);
  look_up({{"one.test", 80}, {"two.test", 81}, {"one.test", 82}, {"", 83}, {"::1", 84}});
  EXPECT_EQ(server.questions, 2);
  EXPECT_EQ(table->find({"one.test", 82}), (Addresses{{ip("192.0.2.1"), 82}}));
  EXPECT_EQ(table->find({"two.test", 81}), (Addresses{{ip("192.0.2.2"), 81}}));
}

TEST_F(HostLookupsTest, KeepTheErrorOfAHostBesideTheOthers) {
  server.set("one.test", {ip("192.0.2.1")}, 60);
  look_up({{"one.test", 80}, {"nobody.test", 80}});
  EXPECT_TRUE(table->find({"one.test", 80}));
  const auto nobody = table->find({"nobody.test", 80});
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error().message, HasSubstr("there is no host of this name"));
}

TEST_F(HostLookupsTest, EndWithinTheLimitWhileTheNameServerIsSilent) {
  server.silent = true;
  look_up({{"one.test", 80}, {"two.test", 80}}, 50ms);
  for (const char* host : {"one.test", "two.test"}) {
    const auto found = table->find({host, 80});
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr("no answer within 50ms"));
  }
}

TEST_F(HostLookupsTest, AreDoneInTheNextTurnWithoutANameToLookUp) {
  look_up({{"127.0.0.1", 80}, {"", 80}});
  EXPECT_EQ(server.questions, 0);
}

TEST(LookUpHosts, NeedsNoSystemForNumericHosts) {
  const std::array hosts{HostPort{"127.0.0.1", 80}, HostPort{"localhost", 80}};
  EXPECT_FALSE(needs_look_up(hosts));
  EXPECT_TRUE(look_up_hosts(hosts, 0s).find(hosts[1]));
  const std::array names{HostPort{"", 80}, HostPort{"office.test", 80}};
  EXPECT_TRUE(needs_look_up(names));
}

}  // namespace
}  // namespace throttle::uv
