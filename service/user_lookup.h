// The user that --user means: names and numbers looked up in the text of /etc/passwd and
// /etc/group.
//
// The files are read by us, not by the C library: a static program must not load the name-service
// modules of the host, which belong to another C library and may end it.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "service/command.h"

namespace throttle::service {

struct UserIds {
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::vector<std::uint32_t> groups;  // all of them, `group` included
  std::string name;                   // empty for a number without an entry

  bool operator==(const UserIds&) const = default;
};

struct UserDatabases {
  std::string_view passwd;
  std::string_view group;
};

// Errors kNotFound: there is no such user or group; kInvalidArgument: a number without an entry and
// without a group.
Result<UserIds> find_user(const UserAndGroup& wanted, const UserDatabases& databases);

}  // namespace throttle::service
