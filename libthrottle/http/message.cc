// The names of methods, and headers by name.
#include "libthrottle/http/message.h"

#include <algorithm>

#include "libthrottle/core/text.h"

namespace throttle::http {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "OTHER";
}

std::string_view ResponseHead::value_of(std::string_view name) const {
  const auto same = [name](const Header& header) {
    return equals_ignoring_case(header.name, name);
  };
  const auto found = std::ranges::find_if(headers, same);
  return found == headers.end() ? std::string_view() : found->value;
}

}  // namespace throttle::http
