// Names of the levels, and the way of a record from a Log to its sink.
#include "libthrottle/telemetry/log.h"

#include <algorithm>
#include <array>

#include "libthrottle/telemetry/logger.h"

namespace throttle::telemetry {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames = {"OFF",  "ERROR", "WARN",
                                                         "INFO", "DEBUG", "TRACE"};

constexpr char to_upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

}  // namespace

std::string_view to_string(Level level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t level = 0; level < kLevelNames.size(); ++level) {
    if (std::ranges::equal(kLevelNames[level], text, {}, {}, to_upper)) {
      return static_cast<Level>(level);
    }
  }
  return std::nullopt;
}

void Log::error(std::string_view message, Fields fields) const noexcept {
  write(Level::kError, message, fields);
}
void Log::warn(std::string_view message, Fields fields) const noexcept {
  write(Level::kWarn, message, fields);
}
void Log::info(std::string_view message, Fields fields) const noexcept {
  write(Level::kInfo, message, fields);
}
void Log::debug(std::string_view message, Fields fields) const noexcept {
  write(Level::kDebug, message, fields);
}
void Log::trace(std::string_view message, Fields fields) const noexcept {
  write(Level::kTrace, message, fields);
}

void Log::write(Level level, std::string_view message, Fields fields) const noexcept {
  write_all(level, message, {fields.begin(), fields.size()});
}

void Log::announce(std::string_view message, Fields fields) const noexcept {
  if (logger_ == nullptr) return;
  logger_->announce({.time = logger_->now(),
                     .level = Level::kInfo,
                     .target = target_,
                     .message = message,
                     .fields = {fields.begin(), fields.size()}});
}

void Log::write_all(Level level, std::string_view message,
                    std::span<const Field> fields) const noexcept {
  if (!enabled(level)) return;
  logger_->write({.time = logger_->now(),
                  .level = level,
                  .target = target_,
                  .message = message,
                  .fields = fields});
}

}  // namespace throttle::telemetry
