// Percent decoding of the parts of a request target, each decoded exactly once.
//
// In a path '+' is a plus; in a query it is a blank (application/x-www-form-urlencoded). Text that
// is not valid is refused, never repaired: a '%' without two hex digits, or what is not UTF-8 once
// decoded. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"

namespace throttle::http {

// Decodes one segment of a path. Error kInvalidArgument names the place.
Result<std::string> decode_segment(std::string_view segment);

// One NAME=VALUE of a query. Without a '=' the value is empty.
struct QueryPair {
  std::string name;
  std::string value;
};

// The pairs in the order in which they were sent; empty ones ("&&") are left out and doubled names
// are kept. Error kInvalidArgument names the pair.
Result<std::vector<QueryPair>> parse_query(std::string_view query);

}  // namespace throttle::http
