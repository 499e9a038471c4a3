// Commands about what happened: events, and who held and waited. Threads: one.
#pragma once

#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

Result<Exit> show_history(Context& context);
Result<Exit> show_holders(Context& context);
Result<Exit> show_waits(Context& context);
Result<Exit> show_holds(Context& context);

}  // namespace throttle::inspect
