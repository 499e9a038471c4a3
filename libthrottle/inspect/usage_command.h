// `usage`. Threads: one.
#pragma once

#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

Result<Exit> show_usage(Context& context);

}  // namespace throttle::inspect
