// Bytes as a story about a ledger: each few of them are one operation, with arguments that like the
// edges (zero, one too many, the largest count, equal instants, time that steps back). Random bytes
// make it a random test, a fuzzer's bytes a search.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace throttle::testing {

struct LedgerStory {
  std::string violation;  // of the first step that went wrong; empty if none did
  std::size_t steps = 0;
};

// Plays the story to a checked ledger until the bytes or the first violation end it.
LedgerStory run_ledger_script(std::span<const std::uint8_t> bytes);

}  // namespace throttle::testing
