// Networks in CIDR form, and addresses masked to a prefix.
#include "libthrottle/core/ip_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle {
namespace {

using ::testing::HasSubstr;

IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
IpNetwork network(std::string_view text) {
  return IpNetwork::parse(text).value();
}
std::string why_not(std::string_view text) {
  const auto parsed = IpNetwork::parse(text);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(IpNetwork, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(network("10.0.0.0/8").to_string(), "10.0.0.0/8");
  EXPECT_EQ(network("2001:db8::/32").to_string(), "2001:db8::/32");
  EXPECT_EQ(network("0.0.0.0/0").to_string(), "0.0.0.0/0");
  EXPECT_EQ(network("::/0").to_string(), "::/0");
}

TEST(IpNetwork, AnAddressAloneIsItsOwnNetwork) {
  EXPECT_EQ(network("192.0.2.7").prefix_bits(), 32U);
  EXPECT_EQ(network("2001:db8::1").prefix_bits(), 128U);
  EXPECT_EQ(network("192.0.2.7"), network("192.0.2.7/32"));
}

TEST(IpNetwork, ContainsWhatSharesItsPrefix) {
  EXPECT_TRUE(network("10.1.0.0/16").contains(address("10.1.255.255")));
  EXPECT_FALSE(network("10.1.0.0/16").contains(address("10.2.0.0")));
  EXPECT_TRUE(network("192.0.2.128/25").contains(address("192.0.2.200")));
  EXPECT_FALSE(network("192.0.2.128/25").contains(address("192.0.2.127")));
  EXPECT_TRUE(network("2001:db8::/33").contains(address("2001:db8:7fff::1")));
  EXPECT_FALSE(network("2001:db8::/33").contains(address("2001:db8:8000::1")));
}

TEST(IpNetwork, TheWholeOfAFamilyIsNotTheOther) {
  EXPECT_TRUE(network("0.0.0.0/0").contains(address("255.255.255.255")));
  EXPECT_FALSE(network("0.0.0.0/0").contains(address("::1")));
  EXPECT_TRUE(network("::/0").contains(address("ffff::1")));
  EXPECT_FALSE(network("::/0").contains(address("10.0.0.1")));
}

TEST(IpNetwork, AMappedAddressIsTheIpv4AddressItCarries) {
  EXPECT_TRUE(network("10.0.0.0/8").contains(address("::ffff:10.9.9.9")));
}

TEST(IpNetwork, BitsBeyondThePrefixAreAMistakeThatNamesTheNetworkMeant) {
  EXPECT_THAT(why_not("10.0.0.1/8"), HasSubstr("10.0.0.0/8"));
  EXPECT_THAT(why_not("2001:db8::1/64"), HasSubstr("2001:db8::/64"));
}

TEST(IpNetwork, APrefixIsANumberThatItsFamilyHas) {
  EXPECT_THAT(why_not("10.0.0.0/33"), HasSubstr("0 to 32"));
  EXPECT_THAT(why_not("2001:db8::/129"), HasSubstr("0 to 128"));
  for (const char* const text : {"10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8x", "10.0.0.0/-1",
                                 "10.0.0.0/99999999999", "10.0.0.0/8/8"})
    EXPECT_THAT(why_not(text), HasSubstr("0 to 32")) << text;
}

TEST(IpNetwork, WhatIsNoAddressIsNoNetwork) {
  for (const char* const text : {"", "/8", "ten/8", "10.0.0/8"})
    EXPECT_NE(why_not(text), "accepted") << text;
}

TEST(IpNetwork, HasTheClientsOfUnixSocketsOnlyIfItNamesThem) {
  const IpAddress anybody = IpAddress::of_unix(std::nullopt);
  const IpAddress user = IpAddress::of_unix(1000);
  const IpNetwork all = *IpNetwork::parse("unix");
  const IpNetwork own = *IpNetwork::parse("unix:uid=1000");
  EXPECT_TRUE(all.contains(anybody) && all.contains(user));
  EXPECT_TRUE(own.contains(user));
  EXPECT_FALSE(own.contains(anybody) || own.contains(IpAddress::of_unix(0)));
  EXPECT_FALSE(all.contains(address("::1")) || all.contains(address("ff00::1")));
  for (const char* const text : {"::/0", "0.0.0.0/0", "ff00::/8"})
    EXPECT_FALSE(IpNetwork::parse(text)->contains(user)) << text;
  EXPECT_EQ(all.to_string(), "unix");
  EXPECT_EQ(own.to_string(), "unix:uid=1000");
  EXPECT_EQ(masked(user, 64), user);
  EXPECT_NE(why_not("unix:uid=4294967296"), "accepted");
}

TEST(Masked, KeepsTheFirstBitsOfTheAddressesOwnFamily) {
  EXPECT_EQ(masked(address("10.11.12.13"), 32), address("10.11.12.13"));
  EXPECT_EQ(masked(address("10.11.12.13"), 20), address("10.11.0.0"));
  EXPECT_EQ(masked(address("10.11.12.13"), 0), address("0.0.0.0"));
  EXPECT_EQ(masked(address("2001:db8:1:2:3:4:5:6"), 64), address("2001:db8:1:2::"));
  EXPECT_EQ(masked(address("2001:db8:1:2:3:4:5:6"), 0), address("::"));
  EXPECT_EQ(masked(address("2001:db8:1:2:3:4:5:6"), 128), address("2001:db8:1:2:3:4:5:6"));
}

}  // namespace
}  // namespace throttle
