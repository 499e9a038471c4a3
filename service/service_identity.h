// The identity of a Windows service: its name, the identifier (SID) that belongs to this service
// alone, and the access lists of its folders that name this identifier. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "libthrottle/core/result.h"

namespace throttle::service {

inline constexpr std::string_view kDefaultServiceName = "Throttle";

// A name of at most 80 letters, digits, "-", "_" or "." of ASCII, beginning with a letter or digit:
// it is also the name of a log file and of an event source. Error kInvalidArgument.
Result<std::string> parse_service_name(std::string_view text);

// Upper case without regard to the locale, as Windows compares these names.
std::string upper_case(std::string_view ascii);

// "S-1-5-80-…" of `NT SERVICE\NAME`: SHA-1 of the name in upper-case UTF-16. `name` is a valid one.
std::string service_sid(std::string_view name);

// What the service may do with a folder.
enum class FolderAccess { kRead, kChange };

// The security descriptor (SDDL) of a folder of the service: SYSTEM and the administrators have
// everything, the service reads or changes, nobody else sees anything. Not inherited.
std::string folder_descriptor(std::string_view sid, FolderAccess access);

}  // namespace throttle::service
