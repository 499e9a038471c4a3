// What throttle-service does for each verb, on this platform: run_posix.cc, and *_win32.cc.
// Each returns the exit code. Threads: the main thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "service/command.h"

namespace throttle::service {

// Where this platform keeps the configuration.
CommandContext command_context();

// Reports that the arguments are wrong: on stderr, and for a service to its manager.
int refuse(std::span<const std::string> arguments, const std::string& why);

int execute(const RunCommand& run);
int execute(const CheckCommand& check);
// On Windows only: the parser refuses these verbs elsewhere.
int execute(const InstallCommand& install);
int execute(const UninstallCommand& uninstall);
int execute(const ControlCommand& control);
int execute(const StatusCommand& status);

// Prints `throttle-service: MESSAGE` on stderr and gives the code back.
int complain(ExitCode code, const std::string& message);

}  // namespace throttle::service
