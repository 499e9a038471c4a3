// Clients that load balancers name, and clients that pretend to be others.
#include "libthrottle/http/forwarded.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::http {
namespace {

const std::vector<IpNetwork> kTrusted = {*IpNetwork::parse("10.0.0.0/8"),
                                         *IpNetwork::parse("2001:db8::/32")};
const SocketAddress kBalancer{*IpAddress::parse("10.0.0.1"), 4000};

RealClient client_of(std::string_view forwarded, std::string_view forwarded_for,
                     const SocketAddress& connection = kBalancer) {
  return real_client({.forwarded = forwarded, .forwarded_for = forwarded_for, .client = connection},
                     kTrusted);
}

TEST(Forwarded, TheRightmostUntrustedAddressIsTheClient) {
  struct Row {
    std::string_view header;
    std::string_view client;
  };
  const Row rows[] = {{"192.0.2.7", "192.0.2.7:0"},
                      {"203.0.113.9, 192.0.2.7", "192.0.2.7:0"},
                      {"nonsense, 192.0.2.7", "192.0.2.7:0"},
                      {"203.0.113.9,192.0.2.7 , 10.0.0.2", "192.0.2.7:0"},
                      {"\", 192.0.2.7", "192.0.2.7:0"},
                      {"10.0.0.3, 10.0.0.2", "10.0.0.3:0"},
                      {"192.0.2.7:81, 2001:db8::5", "192.0.2.7:81"},
                      {"fd00::7, [2001:db8::5]:80", "[fd00::7]:0"},
                      {"[fd00::7]", "[fd00::7]:0"}};
  for (const Row& row : rows) {
    const RealClient client = client_of("", row.header);
    EXPECT_EQ(client.address.to_string(), row.client) << row.header;
    EXPECT_TRUE(client.is_forwarded) << row.header;
    EXPECT_FALSE(client.is_malformed) << row.header;
  }
}

TEST(Forwarded, ReadsTheStandardHeader) {
  struct Row {
    std::string_view header;
    std::string_view client;
  };
  const Row rows[] = {{"for=192.0.2.7", "192.0.2.7:0"},
                      {"For=\"192.0.2.7:81\"; proto=http;by=203.0.113.43", "192.0.2.7:81"},
                      {"proto=\"a;,\\\"b\";for=\"[fd00::7]:4711\"", "[fd00::7]:4711"},
                      {"for=203.0.113.9, for=192.0.2.7, for=\"[2001:db8::5]\"", "192.0.2.7:0"},
                      {"for=192.0.2.7, for=unknown", "10.0.0.1:4000"},
                      {"for=_hidden", "10.0.0.1:4000"},
                      {"proto=https", "10.0.0.1:4000"}};
  for (const Row& row : rows) {
    const RealClient client = client_of(row.header, "");
    EXPECT_EQ(client.address.to_string(), row.client) << row.header;
    EXPECT_FALSE(client.is_malformed) << row.header;
  }
}

TEST(Forwarded, WhatIsMalformedIsIgnoredFromThereOn) {
  for (const std::string_view header :
       {"192.0.2.7, nonsense", "192.0.2.7,", "1.2.3", "192.0.2.7:70000", "\"192.0.2.7"}) {
    const RealClient client = client_of("", header);
    EXPECT_EQ(client.address, kBalancer) << header;
    EXPECT_TRUE(client.is_malformed) << header;
  }
  for (const std::string_view header : {"x;for=192.0.2.7", "for=\"192.0.2.7", "for=", "a"})
    EXPECT_TRUE(client_of(header, "").is_malformed) << header;
  const RealClient client = client_of("", "192.0.2.7, nonsense, 10.0.0.2");
  EXPECT_EQ(client.address.to_string(), "10.0.0.2:0");
  EXPECT_TRUE(client.is_malformed);
}

TEST(Forwarded, NobodyElseIsBelieved) {
  const SocketAddress stranger{*IpAddress::parse("192.0.2.99"), 5};
  const RealClient client = client_of("for=10.1.1.1", "10.1.1.1", stranger);
  EXPECT_EQ(client.address, stranger);
  EXPECT_FALSE(client.is_forwarded);
  EXPECT_EQ(client_of("", "").address, kBalancer);
}

TEST(Forwarded, TwoHeadersCountOnlyIfTheyAgree) {
  EXPECT_EQ(client_of("for=192.0.2.7", "192.0.2.7").address.to_string(), "192.0.2.7:0");
  const RealClient forged = client_of("for=203.0.113.9", "192.0.2.7");
  EXPECT_EQ(forged.address, kBalancer);
  EXPECT_TRUE(forged.is_malformed);
}

}  // namespace
}  // namespace throttle::http
