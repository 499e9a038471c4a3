// The face of the log that every room sees: levels, structured fields and a handle for one target.
//
// A room is handed a Log by value and says what happened in a fixed message; what varies goes into
// fields, so that a machine can find it and nothing is formatted that nobody reads:
//
//   log.warn("unknown semaphore requested", {{"semaphore", name}, {"count", count}});
//
// Logging neither blocks nor throws. Threads: the one of the Logger.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace throttle::telemetry {

// From silent to chatty: a threshold lets through what is at most as chatty. kOff is only a
// threshold.
enum class Level : std::uint8_t { kOff, kError, kWarn, kInfo, kDebug, kTrace };

// "OFF", "ERROR", "WARN" …
std::string_view to_string(Level level);
// The reverse, in any case of letters.
std::optional<Level> parse_level(std::string_view text);

// The machine's calendar time, which only the log and the metrics page show.
using WallTime = std::chrono::system_clock::time_point;

// A named value beside the message. The key is static text of letters, digits and underscores,
// other than id, time, level, target and message. The value is viewed until the call returns.
struct Field {
  Field(std::string_view k, std::string_view text) : key(k), value(text) {}
  Field(std::string_view k, const char* text) : key(k), value(std::string_view(text)) {}
  Field(std::string_view k, std::signed_integral auto number)
      : key(k), value(static_cast<std::int64_t>(number)) {}
  Field(std::string_view k, std::unsigned_integral auto number)
      : key(k), value(static_cast<std::uint64_t>(number)) {}

  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t> value;
};
using Fields = std::initializer_list<Field>;

class Logger;

// One target ("app", "ledger", "http") of a logger. The default says nothing.
class Log {
 public:
  Log() = default;

  // Whether anybody reads lines of this level; asked only where fields are dear to come by.
  bool enabled(Level level) const { return level <= threshold_; }

  void error(std::string_view message, Fields fields = {}) const noexcept;
  void warn(std::string_view message, Fields fields = {}) const noexcept;
  void info(std::string_view message, Fields fields = {}) const noexcept;
  void debug(std::string_view message, Fields fields = {}) const noexcept;
  void trace(std::string_view message, Fields fields = {}) const noexcept;
  void write(Level level, std::string_view message, Fields fields = {}) const noexcept;
  // At level info, and to outlets that announce even if their filter keeps it back.
  void announce(std::string_view message, Fields fields = {}) const noexcept;
  // Of fields whose number is only known at run time.
  void write_all(Level level, std::string_view message,
                 std::span<const Field> fields) const noexcept;

 private:
  friend class Logger;
  Log(const Logger& logger, std::string_view target, Level threshold)
      : logger_(&logger), target_(target), threshold_(threshold) {}

  const Logger* logger_ = nullptr;
  std::string_view target_;
  Level threshold_ = Level::kOff;
};

}  // namespace throttle::telemetry
