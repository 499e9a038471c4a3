// Which addresses one listens on, with a system that answers as the tests want.
#include "libthrottle/uv/listen_on_each.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/uv/host_table.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {
namespace {

// A machine that has what is in `present`, and says what it was asked for.
struct Machine {
  std::vector<std::string> present = {};
  ErrorCode otherwise = ErrorCode::kUnavailable;
  std::vector<std::string> asked = {};
  Loop loop = Loop();

  Result<SocketAddress> listen(const HostPort& where) {
    return listen_on_each(loop, where,
                          [this](const SocketAddress& address) -> Result<SocketAddress> {
                            const std::string text = address.to_string();
                            asked.push_back(text);
                            for (const std::string& each : present)
                              if (each == text) return address;
                            return fail(otherwise, "not on " + text);
                          });
  }
};

using Texts = std::vector<std::string>;

TEST(ListenOnEach, TakesAllAddressesAtOnceWithoutAHost) {
  Machine machine{.present = {"[::]:80", "0.0.0.0:80"}};
  EXPECT_TRUE(machine.listen({"", 80}));
  EXPECT_EQ(machine.asked, Texts{"[::]:80"});
}

TEST(ListenOnEach, TakesAllOfIpv4WhereThereIsNoIpv6) {
  Machine machine{.present = {"0.0.0.0:80"}};
  const auto listening = machine.listen({"", 80});
  ASSERT_TRUE(listening);
  EXPECT_EQ(listening->to_string(), "0.0.0.0:80");
}

TEST(ListenOnEach, DoesNotTakeIpv4AloneWhereThePortIsInUse) {
  Machine machine{.present = {"0.0.0.0:80"}, .otherwise = ErrorCode::kInUse};
  const auto listening = machine.listen({"", 80});
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().message, "not on [::]:80");
}

TEST(ListenOnEach, TakesTheAddressesOfTheTableWithoutLookingUp) {
  Machine machine{.present = {"192.0.2.1:80", "192.0.2.2:80"}};
  machine.loop.hosts().set("office.test",
                           ResolvedHost{.addresses = {{*IpAddress::parse("192.0.2.1"), 0},
                                                      {*IpAddress::parse("192.0.2.2"), 0}}});
  EXPECT_TRUE(machine.listen({"office.test", 80}));
  EXPECT_EQ(machine.asked, (Texts{"192.0.2.1:80", "192.0.2.2:80"}));

  machine.loop.hosts().set("nobody.test", fail(ErrorCode::kNotFound, "nobody there"));
  const auto listening = machine.listen({"nobody.test", 80});
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().message, "nobody there");
}

}  // namespace
}  // namespace throttle::uv
