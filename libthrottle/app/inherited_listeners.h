// Sockets that systemd hands over (sd_listen_fds(3)): LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES in,
// descriptors by name out.
//
// They are found by name, never by position: the order of sockets in a unit is not ours. A name is
// "http", "status" or that of a proxy; several sockets may have one name, and all are used.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"

namespace throttle::app {

// The descriptors of each name.
using InheritedListeners = std::map<std::string, std::vector<int>, std::less<>>;

struct ListenEnvironment {
  const char* pid = nullptr;  // null: not set
  const char* count = nullptr;
  const char* names = nullptr;
};

inline constexpr int kFirstInherited = 3;

// Nothing if no socket is handed over, or they are meant for another process. Error
// kInvalidArgument: numbers or names that make no sense.
Result<InheritedListeners> parse_inherited(const ListenEnvironment& environment,
                                           std::int64_t own_pid);

// What is wrong with the names, a line each: `known` are those that the configuration has. Empty if
// all fit.
std::vector<std::string> unknown_names(const InheritedListeners& listeners,
                                       std::span<const std::string> known);

}  // namespace throttle::app
