// What a process is made of: the one place where it is decided what serves leases and what only
// shows its status, in which order parts start, and in which order they drain.
// Threads: the loop's.
#pragma once

#include <memory>
#include <vector>

#include "libthrottle/app/part.h"

namespace throttle::app {

struct Composition {
  // In the order in which they start. A part stands behind those it refers to.
  std::vector<std::unique_ptr<Part>> parts = {};
  // Each part once. The parts of a wave drain at the same time, and the next wave begins when the
  // last of them has drained.
  std::vector<std::vector<Part*>> drain_waves = {};
};

using Compose = Composition (*)(const Context& context, const config::ServerSettings& settings);

// throttle-server: proxies, and the lease protocol over HTTP with all pages.
Composition compose_server(const Context& context, const config::ServerSettings& settings);
// throttle-proxy: proxies, and where [proxy_status] is set the pages that show them.
Composition compose_proxy(const Context& context, const config::ServerSettings& settings);

}  // namespace throttle::app
