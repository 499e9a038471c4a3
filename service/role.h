// Which of the two tools a service does the work of.
// Threads: values only.
#pragma once

#include <cstdint>
#include <string_view>

#include "libthrottle/core/result.h"

namespace throttle::service {

enum class Role : std::uint8_t { kServer, kProxy };

// "server" or "proxy".
std::string_view to_string(Role role);
// The reverse. Error kInvalidArgument.
Result<Role> parse_role(std::string_view text);

}  // namespace throttle::service
