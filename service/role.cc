// The words for the two roles.
#include "service/role.h"

#include "libthrottle/core/text.h"

namespace throttle::service {

std::string_view to_string(Role role) {
  return role == Role::kServer ? "server" : "proxy";
}

Result<Role> parse_role(std::string_view text) {
  if (text == "server") return Role::kServer;
  if (text == "proxy") return Role::kProxy;
  return fail(ErrorCode::kInvalidArgument, R"(expected "server" or "proxy", got )" + quote(text));
}

}  // namespace throttle::service
