// The commands that stay: they show a running server until they are ended. Threads: the main one.
#pragma once

#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

Result<Exit> watch(Context& context);
Result<Exit> top(Context& context);

}  // namespace throttle::inspect
