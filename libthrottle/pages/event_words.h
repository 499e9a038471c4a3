// How the ledger's events are worded and dated for people and programs: the words are the
// journal's. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libthrottle/core/ledger_event.h"

namespace throttle::pages {

// "hold_limit"; empty for kNone.
std::string_view cause_word(Cause cause);

// Appends an instant in microseconds since 1970 as "2026-11-30T16:51:09.123456Z".
void append_iso_time(std::string& out, std::int64_t micros);

}  // namespace throttle::pages
