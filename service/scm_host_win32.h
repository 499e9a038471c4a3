// `run --scm`: a process that the Service Control Manager has started.
// Threads: the main thread.
#pragma once

#include <string>

#include "service/command.h"

namespace throttle::service {

// Returns when the service has stopped; 2 if the SCM did not start this process.
int run_under_scm(const RunCommand& run);

// Reports to the SCM, the Event Log and the log's usual file why the service cannot even begin. The
// same code if the SCM did not start this process: then it prints `why`.
int refuse_under_scm(const std::string& name, const std::string& why);

}  // namespace throttle::service
