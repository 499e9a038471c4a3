// What a process does when the system has no more memory for it: it lives on what it has set aside,
// and takes on nothing new until it can set that aside again.
//
// Idea. An allocation that would fail first frees the reserve (std::set_new_handler) and is tried
// again, so what is under way goes on to its end: no operation of the ledger is cut in the middle.
// From then on is_memory_short() is true, and a ledger takes no further peer, which leaves the
// freed memory to those that are there. It is false again as soon as the reserve can be had back.
// The reserve is larger than any one allocation of the ledger but the growth of its table of peers,
// which can do without.
//
// Where the system grants memory that it does not have (Linux with overcommit), no allocation fails
// and the system ends processes instead; this is for limits of the process (ulimit -v, a job of
// Windows, no swap space).
// Threads: any.
#pragma once

#include <cstddef>

namespace throttle {

// Never written to, so on most systems it costs addresses, not memory.
inline constexpr std::size_t kMemoryReserve = std::size_t{32} << 20U;  // bytes

// Sets it aside, once for the process: for programs, not for a library in somebody else's. Without
// it memory is never short, and an allocation that fails throws std::bad_alloc as ever.
void set_memory_reserve_aside();

// Whether the reserve was needed and is not back. Tries to get it back.
bool is_memory_short();

}  // namespace throttle
