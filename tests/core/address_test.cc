// Addresses: what is read, how it is written back (RFC 5952), and how mistakes are named.
#include "libthrottle/core/address.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace throttle {
namespace {

struct Written {
  std::string_view text;
  std::string_view canonical;
};

TEST(IpAddress, ReadsAndWritesTheCanonicalForm) {
  const Written rows[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"10.0.0.1", "10.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8::1", "2001:db8::1"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},         // one group alone is not left out
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},         //
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},  // the first of two equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},        // the longer run
      {"0:0:0:0:1:0:0:0", "::1:0:0:0"},               //
      {"fe80::a:b", "fe80::a:b"},
      {"::10.0.0.1", "::a00:1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:10.0.0.1", "1:2:3:4:5:6:a00:1"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
      {"::FFFF:a00:1", "10.0.0.1"},
  };
  for (const Written& row : rows) {
    const auto address = IpAddress::parse(row.text);
    ASSERT_TRUE(address.has_value()) << address.error().message;
    EXPECT_EQ(address->to_string(), row.canonical) << row.text;
    EXPECT_EQ(IpAddress::parse(row.canonical), *address) << row.text;
  }
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  const std::string_view rows[] = {"",
                                   "localhost",
                                   "1.2.3",
                                   "1.2.3.4.5",
                                   "1.2.3.256",
                                   "1.2.3.",
                                   ".1.2.3",
                                   "1.2.3.04",
                                   "1.2.3.-4",
                                   "1.2.3.4 ",
                                   "1.2.3.0x4",
                                   ":",
                                   ":::",
                                   "1:2:3:4:5:6:7",
                                   "1:2:3:4:5:6:7:8:9",
                                   "1::2::3",
                                   "::12345",
                                   "::g",
                                   "1:2:3:4:5:6:7:",
                                   ":1:2:3:4:5:6:7",
                                   "::1:",
                                   "1.2.3.4::",
                                   "::1.2.3.4:5",
                                   "1:2:3:4:5:6:7:1.2.3.4",
                                   "::1.2.3",
                                   "[::1]",
                                   "fe80::1%eth0",
                                   "1:2:3:4::5:6:7:8"};
  for (const std::string_view text : rows) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
  const auto address = IpAddress::parse("1.2.3.256");
  EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(address.error().message,
            R"("1.2.3.256" is not an IP address such as 10.0.0.1 or 2001:db8::1)");
}

TEST(IpAddress, KnowsTheLoopback) {
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
  for (const char* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "7f00::1"})
    EXPECT_FALSE(IpAddress::parse(text)->is_loopback()) << text;
}

TEST(IpAddress, TakesMappedAddressesForThoseOfIPv4) {
  const auto mapped = IpAddress::from_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1});
  EXPECT_EQ(mapped, IpAddress::from_v4({10, 0, 0, 1}));
  EXPECT_TRUE(mapped.is_v4());
  EXPECT_FALSE(IpAddress().is_v4());
  EXPECT_EQ(IpAddress().to_string(), "::");
}

TEST(SocketAddress, IsWrittenWithBracketsAroundIPv6Only) {
  EXPECT_EQ((SocketAddress{IpAddress::from_v4({10, 0, 0, 1}), 80}.to_string()), "10.0.0.1:80");
  EXPECT_EQ((SocketAddress{*IpAddress::parse("::1"), 8000}.to_string()), "[::1]:8000");
}

TEST(Host, IsANameOrAnAddressWithoutItsBrackets) {
  const Written rows[] = {{"localhost", "localhost"},
                          {"db-1.example.org", "db-1.example.org"},
                          {"127.0.0.1", "127.0.0.1"},
                          {"[::1]", "::1"},
                          {"::1", "::1"}};
  for (const Written& row : rows) {
    EXPECT_EQ(parse_host(row.text).value(), row.canonical);
  }
  for (const std::string_view text : {"", "[]", "[", "[localhost]", "[127.0.0.1]", "[::1", "a b",
                                      "a:b", "http://a", "a,b", "a\n", "-a"}) {
    EXPECT_FALSE(parse_host(text).has_value()) << text;
  }
  EXPECT_EQ(parse_host("a b").error().message,
            R"("a b" is not a host: expected a name, an IPv4 address or an IPv6 address in )"
            "brackets");
}

TEST(HostPort, SplitsHostAndPort) {
  struct Row {
    std::string_view text;
    std::string_view host;
    std::uint16_t port;
  };
  for (const Row& row : {Row{"localhost:8000", "localhost", 8000}, Row{"0.0.0.0:80", "0.0.0.0", 80},
                         Row{"[::1]:65535", "::1", 65535}, Row{"[::]:0", "::", 0}}) {
    const auto result = parse_host_port(row.text);
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->host, row.host);
    EXPECT_EQ(result->port, row.port);
  }
}

TEST(HostPort, IsWrittenAsItIsRead) {
  for (const char* text : {"localhost:8000", "0.0.0.0:80", "[::1]:80"})
    EXPECT_EQ(parse_host_port(text)->to_string(), text);
}

TEST(HostPort, SaysWhichPartIsMissingOrWrong) {
  struct Row {
    std::string_view text;
    std::string_view message;
  };
  const Row rows[] = {
      {"localhost", R"("localhost" is not HOST:PORT: the port is missing, as in localhost:8000)"},
      {"", R"("" is not HOST:PORT: the port is missing, as in localhost:8000)"},
      {"[::1]", R"("[::1]" is not HOST:PORT: the port is missing, as in localhost:8000)"},
      {":80", R"(":80" is not HOST:PORT: the host is missing, as in localhost:8000)"},
      {"::1:80", R"("::1:80" is not HOST:PORT: an IPv6 address needs brackets, as in [::1]:8000)"},
      {"[::1]80:80", R"("[::1]80:80" is not HOST:PORT: "[::1]80" is not a host: expected a name, )"
                     "an IPv4 address or an IPv6 address in brackets"},
      {"a b:80", R"("a b:80" is not HOST:PORT: "a b" is not a host: expected a name, an IPv4 )"
                 "address or an IPv6 address in brackets"},
      {"a:65536",
       R"("a:65536" is not HOST:PORT: the port "65536" is not a number from 0 to 65535)"},
      {"a:", R"("a:" is not HOST:PORT: the port "" is not a number from 0 to 65535)"},
      {"a:-1", R"("a:-1" is not HOST:PORT: the port "-1" is not a number from 0 to 65535)"},
      {"a:000080",
       R"("a:000080" is not HOST:PORT: the port "000080" is not a number from 0 to 65535)"},
  };
  for (const Row& row : rows) {
    const auto result = parse_host_port(row.text);
    ASSERT_FALSE(result.has_value()) << row.text;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(result.error().message, row.message);
  }
}

TEST(IpAddress, IsTheUserOfTheClientOfAUnixSocket) {
  for (const auto& [user, text] :
       {std::pair<std::optional<std::uint32_t>, const char*>(std::nullopt, "unix"),
        {0U, "unix:uid=0"},
        {4'294'967'295U, "unix:uid=4294967295"}}) {
    const IpAddress client = IpAddress::of_unix(user);
    EXPECT_TRUE(client.is_unix());
    EXPECT_FALSE(client.is_v4() || client.is_loopback());
    EXPECT_EQ((SocketAddress{client, 0}.to_string()), text);
    EXPECT_EQ(IpAddress::parse_client(text), client);
    EXPECT_FALSE(IpAddress::parse(text)) << "a host may be called so";
  }
  EXPECT_FALSE(IpAddress().is_unix());
  EXPECT_EQ(IpAddress::parse_client("10.0.0.1"), IpAddress::from_v4({10, 0, 0, 1}));
}

}  // namespace
}  // namespace throttle
