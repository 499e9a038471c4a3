// Which addresses lead to this machine; its interfaces are listed by libuv.
#include "libthrottle/uv/own_addresses.h"

#include <gtest/gtest.h>
#include <uv.h>

#include "libthrottle/uv/sockaddr.h"

namespace throttle::uv {
namespace {

IpAddress address(const char* text) {
  return *IpAddress::parse(text);
}

TEST(OwnAddressesTest, LoopbackAndUnspecifiedOnesLeadHere) {
  for (const char* const text : {"127.0.0.1", "127.9.8.7", "::1", "0.0.0.0", "::"})
    EXPECT_TRUE(leads_here(address(text))) << text;
}

TEST(OwnAddressesTest, EachAddressOfAnInterfaceLeadsHere) {
  uv_interface_address_t* first = nullptr;
  int count = 0;
  ASSERT_EQ(uv_interface_addresses(&first, &count), 0);
  ASSERT_GT(count, 0);
  for (int i = 0; i < count; ++i) {
    const auto own = from_sockaddr(reinterpret_cast<const sockaddr*>(&first[i].address));
    ASSERT_TRUE(own);
    EXPECT_TRUE(leads_here(own->ip)) << own->to_string();
  }
  uv_free_interface_addresses(first, count);
}

// Of the networks for documentation, RFC 5737 and RFC 3849.
TEST(OwnAddressesTest, OthersDoNot) {
  for (const char* const text : {"192.0.2.1", "2001:db8::1"})
    EXPECT_FALSE(leads_here(address(text))) << text;
}

}  // namespace
}  // namespace throttle::uv
