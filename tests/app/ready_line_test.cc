// Which machines can connect, in words.
#include "libthrottle/app/ready_line.h"

#include <vector>

#include <gtest/gtest.h>

namespace throttle::app {
namespace {

TEST(ReadyLine, SaysWhichMachinesCanConnect) {
  const auto reach = [](const std::vector<const char*>& addresses) {
    std::vector<Endpoint> parsed;
    parsed.reserve(addresses.size());
    for (const char* const each : addresses)
      parsed.emplace_back(SocketAddress{*IpAddress::parse(each), 80});
    return reach_of(parsed);
  };
  EXPECT_EQ(reach({"0.0.0.0"}), "on all addresses");
  EXPECT_EQ(reach({"127.0.0.1", "::"}), "on all addresses");
  EXPECT_EQ(reach({"127.0.0.1", "::1"}), "for this machine only");
  const std::vector<Endpoint> with_unix{SocketAddress{*IpAddress::parse("::1"), 80},
                                        Endpoint::of_unix("/run/x.sock")};
  EXPECT_EQ(reach_of(with_unix), "for this machine only");
  EXPECT_EQ(reach({"192.0.2.1"}), "on this address");
  EXPECT_EQ(reach({"127.0.0.1", "192.0.2.1"}), "on these addresses");
}

}  // namespace
}  // namespace throttle::app
