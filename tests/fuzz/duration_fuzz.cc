// Any bytes as a duration: nothing crashes, what is read is not negative and reads back from its
// canonical form, what is refused says so on one line of bounded length.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using throttle::Duration;
  using throttle::parse_duration;
  constexpr std::size_t kLongestMessage = 1000;
  const auto length = parse_duration({reinterpret_cast<const char*>(bytes), size});
  if (!length) {
    THROTTLE_CHECK(!length.error().message.empty());
    THROTTLE_CHECK(length.error().message.size() < kLongestMessage);
    THROTTLE_CHECK(length.error().message.find('\n') == std::string::npos);
    return 0;
  }
  THROTTLE_CHECK(*length >= Duration::zero());
  THROTTLE_CHECK(parse_duration(throttle::format_duration(*length)) == *length);
  return 0;
}
