// throttle-server from its settings to its exit code: starts what is configured, reloads it, stops
// it.
//
// Signals: the first SIGINT or SIGTERM stops accepting, answers who waits and lets the rest finish
// within the drain timeout; a second one ends at once. SIGHUP reads the configuration again.
// Threads: one, which runs the loop.
#pragma once

#include "libthrottle/config/server_command.h"

namespace throttle::server {

// Runs until it is told to stop. Messages about what cannot work go to stderr.
// Returns the exit code: 0 after an orderly stop, 1 if it could not start or had to be cut short.
int run_server(const config::ServerOptions& options);

// Says whether the configuration is valid: 0 and a line on stdout, or 1 and what is wrong on
// stderr.
int check_configuration(const config::ServerOptions& options);

}  // namespace throttle::server
