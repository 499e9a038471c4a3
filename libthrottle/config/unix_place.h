// Unix sockets as places to listen on and to connect to: "unix:/run/x.sock".
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

// Of a text that begins with "unix:". The path is the shortest one that names the file without a
// look at the system, so that two ways to write it are equal. Error kInvalidArgument: it is no
// whole path, or complaint_of_unix_path().
Result<HostPort> parse_unix_place(std::string_view text);

// What is wrong with the path on this system, such as its length; empty if nothing is.
std::string complaint_of_unix_path(std::string_view path);

}  // namespace throttle::config
