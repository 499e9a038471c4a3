// How single settings are written as text: one grammar each, for the configuration file and the
// command line alike.
// Threads: pure functions and constants.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "libthrottle/core/address.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

namespace throttle::config {

// Inclusive.
struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

template <std::integral T>
constexpr Range range_of() {
  using Limits = std::numeric_limits<T>;
  return {std::in_range<std::int64_t>(Limits::min()) ? static_cast<std::int64_t>(Limits::min()) : 0,
          std::in_range<std::int64_t>(Limits::max()) ? static_cast<std::int64_t>(Limits::max())
                                                     : Range().most};
}

// "an integer from 0 to 65535".
std::string expected_integer(Range range);

// How a T is written as a string. `expected` is what messages call it; the error text of `parse`
// stands for itself.
template <typename T>
struct Form {
  std::string_view expected;
  Result<T> (*parse)(std::string_view);
};

// How a setting is written in the file. On the command line all of them are strings, and those of
// several parts are repeated.
enum class Shape : std::uint8_t {
  kString,
  kInteger,
  kStringOrInteger,
  kBoolean,    // "true" or "false" as a string
  kStrings,    // an array: each item is one text
  kOneOrMore,  // a string or an integer, or an array of these
  kTable,      // of names that people choose: each entry is one text, as in "name=value"
};

// Error kInvalidArgument: what was expected, and the text that stands there.
tl::unexpected<Error> unlike(std::string_view expected, std::string_view text);

// Puts the value, if it is one, into the target. Of an integer the target has the range.
template <typename T, typename Target>
Result<void> put(Result<T> value, Target& target) {
  if (!value) return tl::unexpected(std::move(value).error());
  target = static_cast<Target>(*std::move(value));
  return {};
}

// A decimal number.
Result<std::int64_t> parse_integer(std::string_view text, Range range);
Result<std::uint16_t> parse_port(std::string_view text);

inline constexpr Form<Duration> kDuration{R"(a duration such as "30s")", &parse_duration};

// What should be said of a duration that is valid but probably not meant: "5M" is months, and where
// a bare number counts milliseconds, "20" is hardly anything. Empty if nothing.
std::string doubt_of_duration(std::string_view text);

Result<Duration> parse_time_limit(std::string_view text);
inline constexpr Form<Duration> kTimeLimit{R"(a duration above zero such as "30s")",
                                           &parse_time_limit};

// Whether a URL can have it as a segment of its path: clients drop "." and "..", and an empty one
// is another path.
bool fits_into_a_path(std::string_view name);

Result<QueueOrder> parse_order(std::string_view text);
inline constexpr Form<QueueOrder> kOrder{R"("fifo", "lifo" or "fair")", &parse_order};

inline constexpr Form<std::string> kHost{R"(a host such as "log.example.org")", &parse_host};
inline constexpr Form<HostPort> kHostPort{R"(an address such as "127.0.0.1:8000")",
                                          &parse_host_port};

// What to write instead of something that programs of other makers take for a place to listen on or
// to connect to: "9000/tcp", "9000-9009", "/x.sock", "tcp://a:9000". Begins with ". "; empty if it
// is none of these.
enum class UnixSockets : std::uint8_t { kRefused, kAccepted };
std::string advice_on_place(std::string_view text, UnixSockets unix_sockets);

// [ADDRESS:]PORT, or :PORT. Without an address the host is empty, which means all of the machine's.
Result<HostPort> parse_listen(std::string_view text);
// The same, or a Unix socket.
Result<HostPort> parse_listen_of_proxy(std::string_view text);
inline constexpr Form<HostPort> kListen{R"(a port or an address such as "127.0.0.1:9000")",
                                        &parse_listen};

}  // namespace throttle::config
