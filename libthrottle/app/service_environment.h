// What a service manager of Unix says to a process in its environment: NOTIFY_SOCKET, WATCHDOG_*
// and LISTEN_*. service_environment_posix.cc, and service_environment_win32.cc where there is none.
// Threads: before there is a second one.
#pragma once

#include <optional>
#include <string>

#include "libthrottle/app/inherited_listeners.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

namespace throttle::app {

struct ServiceEnvironment {
  std::optional<std::string> notify_socket = {};
  std::optional<Duration> watchdog = {};  // how often it is to be fed
  InheritedListeners listeners = {};      // close-on-exec
};

// Takes all of it out of the environment, so that the commands of proxies do not inherit it. Error
// kInvalidArgument: LISTEN_* makes no sense, or a descriptor is no listening stream of IP.
Result<ServiceEnvironment> take_service_environment();

}  // namespace throttle::app
