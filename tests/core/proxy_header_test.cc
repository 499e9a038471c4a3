// The PROXY protocol, byte by byte. The examples are those of its specification or follow from it.
#include "libthrottle/core/proxy_header.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace throttle {
namespace {

using namespace std::string_literals;

std::string signature() {
  return "\r\n\r\n\0\r\nQUIT\n"s;
}

// Command, family, and what follows, whatever it is.
std::string v2(unsigned command, unsigned family, const std::string& body) {
  std::string bytes = signature();
  for (const std::size_t byte :
       {std::size_t(command), std::size_t(family), body.size() >> 8U, body.size() & 0xffU}) {
    bytes += static_cast<char>(byte);
  }
  return bytes + body;
}

constexpr unsigned kLocal = 0x20;
constexpr unsigned kProxy = 0x21;

std::string v4_body() {
  return "\xC0\x00\x02\x01\xC6\x33\x64\x07\xDC\x04\x01\xBB"s;
}

std::string v6_body() {
  return "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01"
         "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02"
         "\xFF\xFF\x00\x00"s;
}

ProxiedConnection between(SocketAddress source, SocketAddress destination) {
  return {source, destination};
}

SocketAddress address(std::string_view ip, std::uint16_t port) {
  return {*IpAddress::parse(ip), port};
}

ProxiedConnection v4_connection() {
  return between(address("192.0.2.1", 56324), address("198.51.100.7", 443));
}

ProxiedConnection v6_connection() {
  return between(address("2001:db8::1", 65535), address("2001:db8::2", 0));
}

// The header is read whole, whatever follows, and no beginning of it is read or refused.
void expect_header(const std::string& bytes, const std::optional<ProxiedConnection>& connection) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto parsed = parse_proxy_header(std::string_view(bytes).substr(0, length));
    ASSERT_TRUE(parsed.has_value()) << length << ": " << parsed.error().message;
    EXPECT_FALSE(parsed->has_value()) << length;
  }
  for (const std::string_view behind : {"", "\r\n", "PROXY ", "GET / HTTP/1.1\r\n"}) {
    const auto parsed = parse_proxy_header(bytes + std::string(behind));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    ASSERT_TRUE(parsed->has_value());
    EXPECT_EQ((*parsed)->connection, connection);
    EXPECT_EQ((*parsed)->bytes, bytes.size());
  }
}

// Refused with these words, and not before the first `length` bytes are there.
void expect_refusal(const std::string& bytes, std::string_view why, std::size_t length) {
  const auto before = parse_proxy_header(std::string_view(bytes).substr(0, length - 1));
  ASSERT_TRUE(before.has_value()) << bytes << ": " << before.error().message;
  EXPECT_FALSE(before->has_value()) << bytes;
  for (const std::string& refused : {bytes.substr(0, length), bytes, bytes + "\r\n"}) {
    const auto parsed = parse_proxy_header(refused);
    ASSERT_FALSE(parsed.has_value()) << refused;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(parsed.error().message, "bad PROXY header: " + std::string(why)) << refused;
  }
}

TEST(ProxyHeaderV1, IsReadWholeOnly) {
  expect_header("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", v4_connection());
  expect_header("PROXY TCP6 2001:db8::1 2001:DB8:0:0::2 65535 0\r\n", v6_connection());
  expect_header("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 56324 443\r\n", v4_connection());
}

TEST(ProxyHeaderV1, MayKnowNothing) {
  expect_header("PROXY UNKNOWN\r\n", std::nullopt);
  expect_header("PROXY UNKNOWN \r\n", std::nullopt);
  expect_header("PROXY UNKNOWN what ever 1  \x80\r\n", std::nullopt);
}

TEST(ProxyHeaderV1, HasAtMost107Bytes) {
  const std::string widest =
      "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535";
  ASSERT_EQ(widest.size(), 105u);
  expect_header(widest + "\r\n", std::nullopt);
  expect_refusal(widest + "5\r\n", "its line is too long", 106);
  expect_refusal(widest + std::string(9, '5'), "its line is too long", 106);
}

struct Refused {
  std::string text;
  std::string_view why;
};

TEST(ProxyHeaderV1, IsRefusedForEveryPartThatIsWrong) {
  constexpr std::string_view kFamily = "the family must be TCP4, TCP6 or UNKNOWN";
  constexpr std::string_view kWords = "expected two addresses and two ports, with single blanks";
  const Refused rows[] = {
      {"", kFamily},
      {" TCP4 1.1.1.1 2.2.2.2 1 2", kFamily},
      {"TCP5 1.1.1.1 2.2.2.2 1 2", kFamily},
      {"tcp4 1.1.1.1 2.2.2.2 1 2", kFamily},
      {"UNKNOWNS", kFamily},
      {"TCP4", kWords},
      {"TCP4 ", kWords},
      {"TCP4 1.1.1.1 2.2.2.2 1", kWords},
      {"TCP4 1.1.1.1 2.2.2.2 1 2 ", kWords},
      {"TCP4 1.1.1.1 2.2.2.2 1 2 3", kWords},
      {"TCP4  1.1.1.1 2.2.2.2 1", R"("" is not an IP address such as 10.0.0.1 or 2001:db8::1)"},
      {"TCP4 1.1.1 2.2.2.2 1 2", R"("1.1.1" is not an IP address such as 10.0.0.1 or 2001:db8::1)"},
      {"TCP4 1.1.1.1 2.2.2.256 1 2",
       R"("2.2.2.256" is not an IP address such as 10.0.0.1 or 2001:db8::1)"},
      {"TCP4 01.1.1.1 2.2.2.2 1 2",
       R"("01.1.1.1" is not an IP address such as 10.0.0.1 or 2001:db8::1)"},
      {"TCP4 ::1 2.2.2.2 1 2", R"("::1" is of another family)"},
      {"TCP4 1.1.1.1 ::ffff:2.2.2.2 1 2", R"("::ffff:2.2.2.2" is of another family)"},
      {"TCP6 1.1.1.1 ::1 1 2", R"("1.1.1.1" is of another family)"},
      {"TCP6 ::1 2.2.2.2 1 2", R"("2.2.2.2" is of another family)"},
      {"TCP6 ::1 [::1] 1 2", R"("[::1]" is not an IP address such as 10.0.0.1 or 2001:db8::1)"},
      {"TCP4 1.1.1.1 2.2.2.2 65536 2", R"("65536" is not a port)"},
      {"TCP4 1.1.1.1 2.2.2.2 1 -2", R"("-2" is not a port)"},
      {"TCP4 1.1.1.1 2.2.2.2 1 +2", R"("+2" is not a port)"},
      {"TCP4 1.1.1.1 2.2.2.2 01 2", R"("01" is not a port)"},
      {"TCP4 1.1.1.1 2.2.2.2  2", R"("" is not a port)"},
      {"TCP4 1.1.1.1 2.2.2.2 1 2x", R"("2x" is not a port)"},
      {"TCP4 1.1.1.1 2.2.2.2 1 0x2", R"("0x2" is not a port)"},
      {"TCP4 1.1.1.1 2.2.2.2 1 2\t", R"("2\t" is not a port)"},
  };
  for (const Refused& row : rows) {
    const std::string line = "PROXY " + row.text + "\r\n";
    expect_refusal(line, row.why, line.size());
  }
}

TEST(ProxyHeaderV1, EndsWithBothCharacters) {
  constexpr std::string_view kWhy = "its line must end with both CR and LF";
  const std::string line = "PROXY TCP4 1.1.1.1 2.2.2.2 1 2";
  expect_refusal(line + "\n", kWhy, line.size() + 1);
  expect_refusal(line + "\n\r", kWhy, line.size() + 1);
  expect_refusal(line + "\rG", kWhy, line.size() + 2);
  expect_refusal(line + "\r\r\n", kWhy, line.size() + 2);
  expect_refusal("PROXY UNKNOWN\n", kWhy, 14);
}

TEST(ProxyHeaderV1, HasTheWordsThatItsSpecificationAsksFor) {
  EXPECT_EQ(proxy_header_v1(v4_connection()), "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
  EXPECT_EQ(proxy_header_v1(v6_connection()), "PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n");
  EXPECT_EQ(proxy_header_v1(between(address("192.0.2.1", 1), address("::1", 2))),
            "PROXY TCP6 ::ffff:c000:201 ::1 1 2\r\n");
  EXPECT_EQ(proxy_header_v1(between(address("::", 1), address("0.0.0.0", 2))),
            "PROXY TCP6 :: ::ffff:0:0 1 2\r\n");
}

TEST(ProxyHeaderV2, IsReadWholeOnly) {
  expect_header(v2(kProxy, 0x11, v4_body()), v4_connection());
  expect_header(v2(kProxy, 0x21, v6_body()), v6_connection());
}

TEST(ProxyHeaderV2, MayTellMoreThanAddresses) {
  const std::string records = "\x04\x00\x03xyz\x03\x00\x04\0\0\0\0"s;  // padding, a checksum
  expect_header(v2(kProxy, 0x11, v4_body() + records), v4_connection());
  expect_header(v2(kProxy, 0x21, v6_body() + records), v6_connection());
  expect_header(v2(kProxy, 0x11, v4_body() + "\xFF"), v4_connection());
}

TEST(ProxyHeaderV2, SpeaksForTheBalancerItselfWhateverElseItSays) {
  expect_header(v2(kLocal, 0x00, ""), std::nullopt);
  expect_header(v2(kLocal, 0x11, v4_body()), std::nullopt);
  expect_header(v2(kLocal, 0xFF, "x"), std::nullopt);
}

TEST(ProxyHeaderV2, TellsNothingOfWhatIsNotTcpOverIp) {
  for (const unsigned family :
       {0x00U, 0x01U, 0x02U, 0x10U, 0x12U, 0x20U, 0x22U, 0x30U, 0x31U, 0x32U}) {
    expect_header(v2(kProxy, family, ""), std::nullopt);
    expect_header(v2(kProxy, family, std::string(216, 'x')), std::nullopt);
  }
}

TEST(ProxyHeaderV2, IsRefusedForEveryPartThatIsWrong) {
  for (const unsigned command : {0x00U, 0x01U, 0x10U, 0x11U, 0x22U, 0x2FU, 0x31U}) {
    expect_refusal(v2(command, 0x11, v4_body()), "its version or command is unknown", 13);
  }
  for (const unsigned family : {0x13U, 0x1FU, 0x41U, 0xF0U, 0xFFU}) {
    expect_refusal(v2(kProxy, family, "x"), "its address family or transport protocol is unknown",
                   17);
  }
  expect_refusal(v2(kProxy, 0x11, v4_body().substr(1)), "it is too short for its addresses", 27);
  expect_refusal(v2(kProxy, 0x21, v6_body().substr(1)), "it is too short for its addresses", 51);
  expect_refusal(v2(kProxy, 0x21, ""), "it is too short for its addresses", 16);
}

TEST(ProxyHeaderV2, HasAtMostAsManyBytesAsAnybodyNeeds) {
  const std::string most = v4_body() + std::string(kProxyHeaderMaxBytes - 16 - 12, 'x');
  expect_header(v2(kProxy, 0x11, most), v4_connection());
  expect_refusal(v2(kProxy, 0x11, most + 'x'), "it is longer than anybody needs", 16);
  expect_refusal(v2(kLocal, 0x11, most + 'x'), "it is longer than anybody needs", 16);
}

TEST(ProxyHeaderV2, HasTheBytesThatItsSpecificationAsksFor) {
  EXPECT_EQ(proxy_header_v2(v4_connection()), v2(kProxy, 0x11, v4_body()));
  EXPECT_EQ(proxy_header_v2(v6_connection()), v2(kProxy, 0x21, v6_body()));
  EXPECT_EQ(proxy_header_v2(between(address("192.0.2.1", 1), address("::1", 2))),
            v2(kProxy, 0x21,
               "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\x00\x02\x01"
               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
               "\0\x01\0\x02"s));
}

TEST(ProxyHeader, IsReadAsItWasWrittenInBothVersions) {
  const SocketAddress ends[] = {address("0.0.0.0", 0),      address("255.255.255.255", 65535),
                                address("10.0.0.1", 1),     address("::", 0),
                                address("::1", 80),         address("2001:db8:1:2:3:4:5:6", 65535),
                                address("fe80::1:0:0:2", 9)};
  for (const SocketAddress& source : ends) {
    for (const SocketAddress& destination : ends) {
      const ProxiedConnection connection = between(source, destination);
      expect_header(proxy_header_v1(connection), connection);
      expect_header(proxy_header_v2(connection), connection);
    }
  }
}

TEST(ProxyHeader, NamesNobodyForTheClientOfAUnixSocket) {
  const ProxiedConnection connection{{IpAddress::of_unix(1000), 0}, {}};
  for (const std::string& header : {proxy_header_v1(connection), proxy_header_v2(connection)}) {
    const auto parsed = parse_proxy_header(header);
    ASSERT_TRUE(parsed && *parsed);
    EXPECT_EQ((*parsed)->bytes, header.size());
    EXPECT_FALSE((*parsed)->connection);
  }
}

TEST(ProxyHeader, IsRefusedAtTheFirstByteThatNoneHas) {
  constexpr std::string_view kWhy = "the connection does not begin with one";
  expect_refusal("GET / HTTP/1.1\r\n", kWhy, 1);
  expect_refusal("\n", kWhy, 1);
  expect_refusal("PROXX", kWhy, 5);
  expect_refusal("PROXY\tTCP4", kWhy, 6);
  expect_refusal("\r\n\r\nG", kWhy, 5);
  expect_refusal(signature().substr(0, 11) + "\r", kWhy, 12);
}

}  // namespace
}  // namespace throttle
