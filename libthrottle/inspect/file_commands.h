// Commands about a journal as a file. Threads: one.
#pragma once

#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

Result<Exit> show_info(Context& context);
Result<Exit> show_runs(Context& context);
Result<Exit> verify(Context& context);
Result<Exit> export_file(Context& context);
Result<Exit> run_query(Context& context);

}  // namespace throttle::inspect
