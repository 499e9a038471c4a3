// The parser behind json_body.h: any JSON, read as a stream into typed fields.
//
// Idea: nlohmann's parser reports tokens, a reader puts each where it belongs and follows how far
// the parser got, so that every mistake has its line and column. No tree is built.
// Threads: pure functions.
#pragma once

#include <span>
#include <string_view>

#include "libthrottle/lease/json_body.h"

namespace throttle::lease {

// What read_object() does once Content-Type was found to say JSON.
Reply parse_object(std::string_view body, std::span<Field> fields);
// What read_count() does.
Reply parse_count(std::string_view body, Count& count);

}  // namespace throttle::lease
