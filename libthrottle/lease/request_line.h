// What a request line says: peer ids and semaphore names in the path, parameters in the
// query. Whatever is wrong there is answered 400 with a text that names it.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "libthrottle/core/ledger_types.h"
#include "libthrottle/http/message.h"
#include "libthrottle/lease/answers.h"

namespace throttle::lease {

// A T, or the answer to a request that failed to say it.
template <typename T>
using Extracted = tl::expected<T, http::Response>;

// A peer id as a path segment: decimal digits, leading zeros and one leading plus allowed.
Extracted<PeerId> peer_in_path(std::string_view segment);
// A semaphore name as a path segment, decoded once.
Extracted<std::string> semaphore_in_path(std::string_view segment);

// A parameter of a query and where its value goes.
struct Parameter {
  std::string_view name;
  std::variant<std::optional<Duration>*, std::optional<std::uint64_t>*, std::optional<std::string>*>
      value;
};

// Fills in the parameters that are there, and ignores unknown ones. Returns the refusal of one that
// is there twice or unreadable.
Reply read_query(std::string_view query, std::initializer_list<Parameter> parameters);

}  // namespace throttle::lease
