// The identifier follows RtlCreateServiceSid; its only trustworthy witness is a service that every
// Windows has (TrustedInstaller), which the test compares with.
#include "service/service_identity.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "service/sha1.h"

namespace throttle::service {

namespace {

constexpr std::size_t kMostLetters = 80;

constexpr bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr bool fits_a_name(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}

}  // namespace

Result<std::string> parse_service_name(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= kMostLetters && is_alphanumeric(text.front()) &&
                    std::ranges::all_of(text, &fits_a_name);
  if (fits) return std::string(text);
  return fail(
      ErrorCode::kInvalidArgument,
      R"(expected a name of at most 80 letters, digits, "-", "_" or ".", got )" + quote(text));
}

std::string upper_case(std::string_view ascii) {
  std::string upper(ascii);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return upper;
}

std::string service_sid(std::string_view name) {
  std::string utf16;
  for (const char c : upper_case(name)) {
    THROTTLE_CHECK(static_cast<unsigned char>(c) < 0x80);  // parse_service_name() saw to it
    utf16 += c;
    utf16 += '\0';
  }
  std::string sid = "S-1-5-80";
  for (const std::uint32_t word : sha1(utf16)) {
    // The digest's bytes are read as little-endian numbers.
    const std::uint32_t number =
        (word >> 24U) | ((word >> 8U) & 0xff00U) | ((word << 8U) & 0xff0000U) | (word << 24U);
    sid += '-' + std::to_string(number);
  }
  return sid;
}

std::string folder_descriptor(std::string_view sid, FolderAccess access) {
  // 0x1200a9: read and execute. 0x1301bf: that, write and delete.
  const std::string_view rights = access == FolderAccess::kRead ? "0x1200a9" : "0x1301bf";
  return std::string("O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;")
      .append(rights)
      .append(";;;")
      .append(sid)
      .append(")");
}

}  // namespace throttle::service
