#include "libthrottle/config/forms.h"

#include <charconv>
#include <system_error>

#include "libthrottle/core/text.h"

namespace throttle::config {

std::string expected_integer(Range range) {
  constexpr Range kAny;
  if (range.least == kAny.least && range.most == kAny.most) return "an integer";
  const std::string from = "an integer from " + std::to_string(range.least);
  return range.most == kAny.most ? from + " on" : from + " to " + std::to_string(range.most);
}

tl::unexpected<Error> unlike(std::string_view expected, std::string_view text) {
  return fail(ErrorCode::kInvalidArgument,
              "expected " + std::string(expected) + ", got " + quote(text));
}

Result<std::int64_t> parse_integer(std::string_view text, Range range) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool fits =
      error == std::errc() && stop == end && number >= range.least && number <= range.most;
  if (!fits) return unlike(expected_integer(range), text);
  return number;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_integer(text, range_of<std::uint16_t>());
  if (!port) return unlike("a number from 0 to 65535", text);
  return static_cast<std::uint16_t>(*port);
}

Result<Duration> parse_time_limit(std::string_view text) {
  auto length = parse_duration(text);
  if (length && *length == Duration::zero()) return unlike(kTimeLimit.expected, text);
  return length;
}

Result<QueueOrder> parse_order(std::string_view text) {
  if (text == "fifo") return QueueOrder::kFifo;
  if (text == "lifo") return QueueOrder::kLifo;
  if (text == "fair") return QueueOrder::kFair;
  return unlike(kOrder.expected, text);
}

Result<HostPort> parse_listen(std::string_view text) {
  const std::string_view port_text = text.starts_with(':') ? text.substr(1) : text;
  const bool has_address = port_text.find_first_not_of("0123456789") != std::string_view::npos;
  if (has_address) return parse_host_port(text);
  const auto port = parse_port(port_text);
  if (!port) return tl::unexpected(port.error());
  return HostPort{"", *port};
}

}  // namespace throttle::config
