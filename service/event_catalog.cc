// The hundreds of a number are its kind: 1 information, 2 warning, 3 error.
#include "service/event_catalog.h"

#include <algorithm>

#include "libthrottle/core/check.h"
#include "libthrottle/telemetry/log_text.h"

namespace throttle::service {

namespace {

bool is_limited(EventId id) {
  return id == EventId::kWarning || id == EventId::kError;
}

std::string field_string(const telemetry::Field& field) {
  const auto text = [](const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>)
      return telemetry::shorten(value, kEventTextBytes);
    else
      return std::to_string(value);
  };
  return std::string(field.key) + '=' + std::visit(text, field.value);
}

}  // namespace

EventKind kind_of(EventId id) {
  switch (static_cast<std::uint16_t>(id) / 100) {
    case 1:
      return EventKind::kInformation;
    case 2:
      return EventKind::kWarning;
    default:
      return EventKind::kError;
  }
}

std::optional<EventId> event_of(telemetry::Level level) {
  switch (level) {
    case telemetry::Level::kError:
      return EventId::kError;
    case telemetry::Level::kWarn:
      return EventId::kWarning;
    default:
      return std::nullopt;
  }
}

std::vector<std::string> event_strings(const telemetry::Record& record) {
  std::vector<std::string> strings;
  strings.push_back(telemetry::shorten(telemetry::to_text(record), kEventTextBytes));
  strings.push_back("target=" + std::string(record.target));
  for (const telemetry::Field& field : record.fields)
    strings.push_back(field_string(field));
  return strings;
}

bool EventLimit::admit(EventId id, TimePoint now) {
  if (!is_limited(id)) return true;
  if (!refilled_) refilled_ = now;
  const auto earned = std::max<std::int64_t>((now - *refilled_) / kInterval, 0);
  tokens_ = static_cast<std::uint32_t>(std::min<std::int64_t>(tokens_ + earned, kBurst));
  *refilled_ = tokens_ == kBurst ? now : *refilled_ + earned * kInterval;
  if (tokens_ > 0) {
    --tokens_;
    return true;
  }
  if (suppressed_++ == reported_) quiet_until_ = now + kSummaryInterval;
  return false;
}

std::optional<std::uint64_t> EventLimit::take_summary(TimePoint now) {
  THROTTLE_CHECK(reported_ <= suppressed_);
  if (now < next_deadline()) return std::nullopt;
  const std::uint64_t news = suppressed_ - reported_;
  reported_ = suppressed_;
  return news;
}

TimePoint EventLimit::next_deadline() const {
  return suppressed_ == reported_ ? kNever : quiet_until_;
}

}  // namespace throttle::service
