// What the lines of nsswitch.conf mean for a look-up.
#include "libthrottle/uv/name_order.h"

#include <gtest/gtest.h>

namespace throttle::uv {
namespace {

TEST(NameOrder, KeepsTheOrderOfTheSources) {
  EXPECT_EQ(name_order("passwd: files\nhosts:          files dns\n"), "fb");
  EXPECT_EQ(name_order("hosts: dns files"), "bf");
  EXPECT_EQ(name_order("\thosts:files # dns\n"), "f");
  EXPECT_EQ(name_order("hosts: dns\r\n"), "b");
}

TEST(NameOrder, AsksTheHostsFileFirstWhereSystemdResolves) {
  EXPECT_EQ(name_order("hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n"), "fb");
  EXPECT_EQ(name_order("hosts: mymachines mdns_minimal [NOTFOUND=return] resolve\n"), "fb");
}

TEST(NameOrder, LeavesOutWhatItDoesNotKnow) {
  EXPECT_EQ(name_order("hosts: files mdns4_minimal [NOTFOUND=return] dns myhostname"), "fb");
}

TEST(NameOrder, HasADefault) {
  for (const char* text : {"", "\n\n", "hosts:", "hosts: nis", "#hosts: dns", "networks: dns"})
    EXPECT_EQ(name_order(text), "fb") << text;
}

}  // namespace
}  // namespace throttle::uv
