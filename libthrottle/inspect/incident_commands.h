// What went wrong, and what changed between two times. Threads: one.
#pragma once

#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

Result<Exit> show_incidents(Context& context);
Result<Exit> show_differences(Context& context);

}  // namespace throttle::inspect
