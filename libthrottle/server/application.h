// throttle-server and throttle-proxy from their settings to their exit codes: start what is
// configured, reload it, stop it.
//
// Signals: the first SIGINT or SIGTERM stops accepting, answers who waits and lets the rest finish
// within the drain timeouts; a second one ends at once. SIGHUP reads the configuration again.
// Threads: one, which runs the loop.
#pragma once

#include "libthrottle/config/proxy_command.h"
#include "libthrottle/config/server_command.h"

namespace throttle::server {

// Runs until it is told to stop. Messages about what cannot work go to stderr.
// Returns the exit code: 0 after an orderly stop, 1 if it could not start or had to be cut short.
int run_server(const config::ServerOptions& options);
int run_proxy(const config::ProxyOptions& options);

// Says whether the configuration is valid: 0 and a line on stdout, or 1 and what is wrong on
// stderr.
int check_configuration(const config::ServerOptions& options);
int check_configuration(const config::ProxyOptions& options);

}  // namespace throttle::server
