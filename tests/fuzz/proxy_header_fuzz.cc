// Any bytes as the beginning of a connection: what is read or refused stays so whatever follows, a
// header never takes more than there is, and what one says is read again from both versions.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libthrottle/core/check.h"
#include "libthrottle/core/proxy_header.h"

namespace {

using throttle::parse_proxy_header;
using throttle::ProxiedConnection;

void check_round_trip(const ProxiedConnection& connection) {
  for (const auto& bytes :
       {throttle::proxy_header_v1(connection), throttle::proxy_header_v2(connection)}) {
    const auto again = parse_proxy_header(bytes);
    THROTTLE_CHECK(again && *again);
    THROTTLE_CHECK((*again)->connection == connection);
    THROTTLE_CHECK((*again)->bytes == bytes.size());
  }
}

using Parsed = decltype(parse_proxy_header({}));

// A beginning is not complete, or already what the whole is.
void check_beginning(std::string_view beginning, const Parsed& last) {
  const auto first = parse_proxy_header(beginning);
  if (!first) {
    THROTTLE_CHECK(!last);
    THROTTLE_CHECK(!first.error().message.empty());
  } else if (*first) {
    THROTTLE_CHECK(last && *last);
    THROTTLE_CHECK((*first)->connection == (*last)->connection);
    THROTTLE_CHECK((*first)->bytes == (*last)->bytes);
    THROTTLE_CHECK((*first)->bytes <= beginning.size());
  } else {
    THROTTLE_CHECK(beginning.size() < throttle::kProxyHeaderMaxBytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = parse_proxy_header(bytes);
  for (std::size_t length = 0; length <= size; ++length) {
    check_beginning(bytes.substr(0, length), whole);
  }
  if (whole && *whole && (*whole)->connection) check_round_trip(*(*whole)->connection);
  return 0;
}
