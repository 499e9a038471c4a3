// The JSON texts of `detail`: what a rare kind has to say besides its columns.
// Bytes that are not UTF-8 are replaced. Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libthrottle/journal/record.h"

namespace throttle::journal {

// "fifo".
std::string_view order_name(QueueOrder order);

std::string configured_json(const SemaphoreEntry& entry);
std::string label_json(std::string_view label);
std::string gap_json(const GapSummary& summary);
// `from` is empty where clients are not recorded.
std::string kick_json(const KickEntry& entry, std::string_view from);
// {"what": what}
std::string note_json(std::string_view what);

}  // namespace throttle::journal
