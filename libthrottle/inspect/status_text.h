// What `status` and `top` say of a server and its semaphores. Threads: pure functions, except
// head_line(), which asks the server.
#pragma once

#include <cstdint>
#include <string>

#include "libthrottle/inspect/cell.h"
#include "libthrottle/inspect/picture.h"
#include "libthrottle/inspect/server.h"

namespace throttle::inspect {

// "throttle-server 0.3.0, up 3d 4h, http://127.0.0.1:8000 · journal 0.4 s behind".
std::string head_line(Server& server, const Samples& samples, std::int64_t now_us);

// A row for each semaphore. People see what is held and the full count in one column.
enum class ForWhom : std::uint8_t { kPeople, kMachines };
Columns status_columns(ForWhom whom);
Row status_row(const LiveSemaphore& semaphore, const Samples& samples, ForWhom whom);

}  // namespace throttle::inspect
