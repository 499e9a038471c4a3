// The ledger's values as words, so that a failing test says what happened. gtest finds PrintTo by
// itself where this header is included.
// Threads: pure functions.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "libthrottle/core/lease_ledger.h"

namespace throttle {

void PrintTo(AcquireStatus status, std::ostream* out);
void PrintTo(ReleaseStatus status, std::ostream* out);
void PrintTo(RestoreStatus status, std::ostream* out);
void PrintTo(Presence presence, std::ostream* out);
void PrintTo(EventKind kind, std::ostream* out);
void PrintTo(Cause cause, std::ostream* out);
void PrintTo(const LedgerEvent& event, std::ostream* out);
void PrintTo(const AcquireOutcome& outcome, std::ostream* out);
void PrintTo(TimePoint time, std::ostream* out);

namespace testing {

std::string_view name_of(AcquireStatus status);
std::string_view name_of(ReleaseStatus status);
std::string_view name_of(RestoreStatus status);
std::string_view name_of(Presence presence);
std::string_view name_of(EventKind kind);
std::string_view name_of(Cause cause);

// One line; instants in milliseconds, names of semaphores as their indices.
std::string text_of(const LedgerEvent& event);
std::string text_of(const AcquireOutcome& outcome);
// A line each.
std::string text_of(std::span<const LedgerEvent> events);
std::string text_of(TimePoint time);

}  // namespace testing
}  // namespace throttle
