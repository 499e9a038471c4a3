// The state of the journal: the families throttle_journal_… and the page GET /journal.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libthrottle/core/time.h"
#include "libthrottle/http/message.h"
#include "libthrottle/journal/writer.h"
#include "libthrottle/telemetry/exposition.h"

namespace throttle::pages {

struct JournalState {
  std::string path;
  std::uint64_t run = 0;
  journal::WriterStats writer;
  std::uint64_t recorded = 0;   // events since the start
  std::uint64_t committed = 0;  // of these, in the file or reported there as missing
  std::uint64_t lost = 0;       // of these, not in the file: the queue was full
  std::uint64_t gaps = 0;
  std::size_t queued = 0;  // records for the writer
  Duration lag{};          // of the oldest event that is not in the file
  bool pausing = false;    // nothing is granted until the writer has caught up
};

void write_journal(const JournalState& state, telemetry::Exposition& page);
http::Response journal_page(const JournalState& state);

}  // namespace throttle::pages
