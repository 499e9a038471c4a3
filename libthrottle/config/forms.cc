// The grammars of single settings.
#include "libthrottle/config/forms.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

#include "libthrottle/config/unix_place.h"
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

std::string doubt_of_duration(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::size_t kFewDigits = 3;  // below a second
  const std::size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
  if (digits == 0) return {};
  const std::string number(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  const bool is_zero = number.find_first_not_of('0') == std::string::npos;
  if (unit.empty() && digits <= kFewDigits && !is_zero)
    return "is " + number + (number == "1" ? " millisecond" : " milliseconds") + "; write " +
           number + "s for seconds";
  if (unit == "M")
    return "is " + number + (number == "1" ? " month" : " months") + "; write " + number +
           "m for minutes";
  return {};
}

std::string advice_on_place(std::string_view text, UnixSockets unix_sockets) {
  constexpr std::string_view kDigits = "0123456789";
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos)
    return ". Leave out " + quote(text.substr(0, scheme + 3));
  const bool is_path = text.starts_with('/') || text.starts_with("./");
  if (is_path || text.starts_with(kUnixPrefix) || text.ends_with(".sock")) {
    if (unix_sockets == UnixSockets::kRefused)
      return ". Unix sockets are not possible here; write a TCP port";
    return text.starts_with('/') ? ". Did you mean " + quote("unix:" + std::string(text)) + '?'
                                 : ". Write a Unix socket with its whole path, as in "
                                   "\"unix:/run/x.sock\"";
  }
  for (const std::string_view protocol : {"/tcp", "/udp"})
    if (text.ends_with(protocol))
      return ". Leave out " + quote(protocol) +
             (protocol == "/udp" ? "; only TCP is supported" : "");
  const std::size_t dash = text.find_first_not_of(kDigits);
  const bool is_range = dash != std::string_view::npos && dash > 0 && text[dash] == '-' &&
                        dash + 1 < text.size() &&
                        text.find_first_not_of(kDigits, dash + 1) == std::string_view::npos;
  return is_range ? ". A listener has one port; configure a proxy for each" : "";
}

bool fits_into_a_path(std::string_view name) {
  return !name.empty() && name != "." && name != "..";
}

Result<QueueOrder> parse_order(std::string_view text) {
  if (text == "fifo") return QueueOrder::kFifo;
  if (text == "lifo") return QueueOrder::kLifo;
  if (text == "fair") return QueueOrder::kFair;
  return unlike(kOrder.expected, text);
}

namespace {

Result<HostPort> parse_listen(std::string_view text, UnixSockets unix_sockets) {
  const std::string_view port_text = text.starts_with(':') ? text.substr(1) : text;
  const bool has_address = port_text.find_first_not_of("0123456789") != std::string_view::npos;
  if (has_address) {
    auto place = parse_host_port(text);
    if (!place) place.error().message += advice_on_place(text, unix_sockets);
    return place;
  }
  const auto port = parse_port(port_text);
  if (!port) return tl::unexpected(port.error());
  return HostPort{"", *port};
}

}  // namespace

Result<HostPort> parse_listen(std::string_view text) {
  return parse_listen(text, UnixSockets::kRefused);
}

Result<HostPort> parse_listen_of_proxy(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return parse_unix_place(text);
  return parse_listen(text, UnixSockets::kAccepted);
}

}  // namespace throttle::config
