// What the system knows of the volume: the platform's part of the journal.
// Threads: any.
#pragma once

#include <string>

namespace throttle::journal {

// Whether the folder of `path` is on another host: SQLite's shared memory does not reach that far.
bool is_on_network(const std::string& path) noexcept;

}  // namespace throttle::journal
