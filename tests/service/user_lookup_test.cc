// Users and groups from texts like /etc/passwd and /etc/group.
#include "service/user_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::service {
namespace {

using ::testing::HasSubstr;

constexpr UserDatabases kDatabases{
    .passwd =
        "root:x:0:0:root:/root:/bin/sh\n"
        "broken line\n"
        "throttle:x:998:997:Throttle:/var/lib/throttle:/usr/sbin/nologin\n"
        "1234:x:55:56::/:\n",
    .group = "root:x:0:\nthrottle:x:997:\nssl-cert:x:110:postgres,throttle\nadm:x:4:root\n"};

std::string error(const UserAndGroup& wanted) {
  const auto ids = find_user(wanted, kDatabases);
  return ids ? "no error" : ids.error().message;
}

TEST(UserLookup, FindsAUserWithAllItsGroups) {
  EXPECT_EQ(find_user({"throttle", ""}, kDatabases).value(),
            (UserIds{.user = 998, .group = 997, .groups = {997, 110}, .name = "throttle"}));
}

TEST(UserLookup, TakesAnotherGroupAndNumbers) {
  EXPECT_EQ(find_user({"throttle", "adm"}, kDatabases).value().group, 4U);
  EXPECT_EQ(find_user({"998", ""}, kDatabases).value().name, "throttle");
  EXPECT_EQ(find_user({"4000", "4001"}, kDatabases).value(),
            (UserIds{.user = 4000, .group = 4001, .groups = {4001}, .name = ""}));
}

TEST(UserLookup, ANameOfDigitsWinsOverTheNumber) {
  EXPECT_EQ(find_user({"1234", ""}, kDatabases).value().user, 55U);
}

TEST(UserLookup, SaysWhatIsMissing) {
  EXPECT_THAT(error({"nobody-here", ""}), HasSubstr("no user \"nobody-here\""));
  EXPECT_THAT(error({"throttle", "none"}), HasSubstr("no group \"none\""));
  EXPECT_THAT(error({"4000", ""}), HasSubstr("give a group too"));
}

}  // namespace
}  // namespace throttle::service
