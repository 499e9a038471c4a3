// One word for each enumerator and one line for each event.
#include "tests/testing/ledger_text.h"

#include <array>
#include <chrono>
#include <ostream>

namespace throttle {
namespace testing {

namespace {

// The name at the position of the enumerator.
template <typename Enum, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  const auto position = static_cast<std::size_t>(value);
  return position < N ? names[position] : "(no such value)";
}

double milliseconds(Duration length) {
  return std::chrono::duration<double, std::milli>(length).count();
}

}  // namespace

std::string_view name_of(AcquireStatus status) {
  static constexpr std::array<std::string_view, 11> kNames{
      "acquired",           "pending",       "unknown semaphore", "unknown peer",
      "count not positive", "never fits",    "shrinks",           "grows",
      "breaks hierarchy",   "other pending", "queue full"};
  return name_in(kNames, status);
}

std::string_view name_of(ReleaseStatus status) {
  static constexpr std::array<std::string_view, 5> kNames{"released", "cancelled", "not held",
                                                          "unknown semaphore", "unknown peer"};
  return name_in(kNames, status);
}

std::string_view name_of(RestoreStatus status) {
  static constexpr std::array<std::string_view, 7> kNames{
      "restored",  "already known", "unknown semaphore", "count not positive", "differs",
      "too large", "barred"};
  return name_in(kNames, status);
}

std::string_view name_of(Presence presence) {
  static constexpr std::array<std::string_view, 2> kNames{"unknown", "known"};
  return name_in(kNames, presence);
}

std::string_view name_of(EventKind kind) {
  static constexpr std::array<std::string_view, 14> kNames{
      "peer added",  "peer removed", "queued",     "granted",  "wait ended",
      "lease ended", "restored",     "refused",    "labelled", "configured",
      "paused",      "resumed",      "woken late", "excess"};
  return name_in(kNames, kind);
}

std::string_view name_of(Cause cause) {
  static constexpr std::array<std::string_view, 9> kNames{
      "none",       "released",         "expired",           "hold limit", "wait limit",
      "never fits", "breaks hierarchy", "semaphore removed", "forced"};
  return name_in(kNames, cause);
}

std::string text_of(TimePoint time) {
  if (time == kNever) return "never";
  return std::to_string(milliseconds(time.time_since_epoch())) + " ms";
}

std::string text_of(const LedgerEvent& event) {
  std::string text = text_of(event.at) + ": " + std::string(name_of(event.kind)) + ", peer " +
                     std::to_string(event.peer);
  if (event.semaphore != kNoSemaphore) {
    text +=
        ", semaphore " + std::to_string(event.semaphore) + ", count " + std::to_string(event.count);
  }
  if (event.semaphore != kNoSemaphore) {
    text += ", then " + std::to_string(event.acquired) + " of " + std::to_string(event.full_count) +
            " held, " + std::to_string(event.waiting) + " waiting";
  }
  if (event.cause != Cause::kNone) text += ", " + std::string(name_of(event.cause));
  if (event.kind == EventKind::kRefused) text += ", " + std::string(name_of(event.refusal));
  if (event.excess != 0) text += ", excess " + std::to_string(event.excess);
  if (event.token != 0) text += ", token " + std::to_string(event.token);
  if (event.waited != Duration::zero())
    text += ", waited " + std::to_string(milliseconds(event.waited)) + " ms";
  if (event.held != Duration::zero())
    text += ", held " + std::to_string(milliseconds(event.held)) + " ms";
  if (event.client != SocketAddress()) text += ", from " + event.client.to_string();
  if (!event.label.empty()) text += ", '" + std::string(event.label.text()) + "'";
  if (event.kind == EventKind::kConfigured) {
    text += ", level " + std::to_string(event.level) + ", order " +
            std::to_string(static_cast<int>(event.order)) + ", max_pending " +
            std::to_string(event.max_pending) + (event.retired ? ", retired" : "");
  }
  return text;
}

std::string text_of(std::span<const LedgerEvent> events) {
  std::string text;
  for (const LedgerEvent& event : events)
    text += "  " + text_of(event) + "\n";
  return text.empty() ? "  nothing\n" : text;
}

std::string text_of(const AcquireOutcome& outcome) {
  return std::string(name_of(outcome.status)) + ", peer " + std::to_string(outcome.peer) +
         ", token " + std::to_string(outcome.token) + ", full count " +
         std::to_string(outcome.full_count) + ", level " + std::to_string(outcome.level) +
         ", held level " + std::to_string(outcome.held_level);
}

}  // namespace testing

void PrintTo(AcquireStatus status, std::ostream* out) {
  *out << testing::name_of(status);
}
void PrintTo(ReleaseStatus status, std::ostream* out) {
  *out << testing::name_of(status);
}
void PrintTo(RestoreStatus status, std::ostream* out) {
  *out << testing::name_of(status);
}
void PrintTo(Presence presence, std::ostream* out) {
  *out << testing::name_of(presence);
}
void PrintTo(EventKind kind, std::ostream* out) {
  *out << testing::name_of(kind);
}
void PrintTo(Cause cause, std::ostream* out) {
  *out << testing::name_of(cause);
}
void PrintTo(const LedgerEvent& event, std::ostream* out) {
  *out << testing::text_of(event);
}
void PrintTo(const AcquireOutcome& outcome, std::ostream* out) {
  *out << testing::text_of(outcome);
}

void PrintTo(TimePoint time, std::ostream* out) {
  *out << testing::text_of(time);
}

}  // namespace throttle
