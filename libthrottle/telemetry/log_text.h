// Records as text: for people, and as members of a JSON object for machines.
//
// Whatever a client puts into a field, a record stays one line: control characters and
// those that turn the direction of writing are escaped, so that nobody can forge a line or steer a
// terminal.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "libthrottle/telemetry/sink.h"

namespace throttle::telemetry {

inline constexpr std::size_t kWhole = std::string_view::npos;

// `text`, or where that is longer than `limit_bytes`, so much of its beginning with a mark behind.
// Never cuts through a UTF-8 character.
std::string shorten(std::string_view text, std::size_t limit_bytes);

// `text` as a JSON string in quotes; bytes that are not UTF-8 become U+FFFD.
std::string to_json(std::string_view text);

// In all below, the message and every text of a field is shortened to `limit_bytes`.

// `message key=value key="a value with blanks"`; bytes that are not UTF-8 become \xNN.
std::string to_text(const Record& record, std::size_t limit_bytes = kWhole);
// `"message":"…","key":"value","count":3`, without braces.
std::string to_json_members(const Record& record, std::size_t limit_bytes = kWhole);
// `,"_key":"value","_count":3` with a prefix of "_".
std::string to_json_members(std::span<const Field> fields, std::string_view key_prefix,
                            std::size_t limit_bytes);

}  // namespace throttle::telemetry
