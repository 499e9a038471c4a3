// JSON bodies read straight into typed values, with the place of every mistake.
//
// Statuses: 415 if Content-Type does not say JSON; 400 if the body is not JSON; 422 if it is JSON
// but not what the route expects: wrong type, missing or doubled key, bad duration, number out of
// range. The first mistake is answered; its text names the key, the line and the column. Integers
// are exact in
// 64 bits. Unknown keys are ignored. The body is read as a stream, so no tree is ever built.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libthrottle/core/ledger_types.h"
#include "libthrottle/http/message.h"
#include "libthrottle/lease/answers.h"
#include "libthrottle/lease/request_line.h"

namespace throttle::lease {

// How deep arrays and objects may nest.
inline constexpr std::size_t kMaxDepth = 128;
// Text of a body that the ledger keeps, such as labels.
inline constexpr std::size_t kMaxTextBytes = 1024;

// An object of semaphore names and counts, such as {"A": 1}.
struct LockCounts {
  Count least = std::numeric_limits<Count>::min();  // smaller ones are refused
  std::map<std::string, Count> by_name = {};

  // As the ledger wants them; the views live as long as this does.
  std::vector<HeldLock> locks() const;
};

enum class Need : std::uint8_t { kRequired, kOptional };

// A key of the body's object and where its value goes.
struct Field {
  std::string_view key;
  std::variant<Duration*, PeerId*, std::string*, LockCounts*> value;
  Need need = Need::kRequired;
  bool seen = false;  // the body has the key
};

// Reads a body that is an object. Returns the refusal if there is a mistake; then the fields are
// filled in up to it.
Reply read_object(const http::Request& request, std::span<Field> fields);

// Reads a body that is one bare integer.
Extracted<Count> read_count(const http::Request& request);

}  // namespace throttle::lease
