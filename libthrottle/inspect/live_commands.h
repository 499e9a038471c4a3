// Commands that ask a running server. Threads: one.
#pragma once

#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

Result<Exit> show_status(Context& context);
Result<Exit> show_leases(Context& context);
Result<Exit> show_waiting(Context& context);
Result<Exit> show_connections(Context& context);
Result<Exit> show_why(Context& context);
Result<Exit> kick(Context& context);
Result<Exit> release(Context& context);

}  // namespace throttle::inspect
