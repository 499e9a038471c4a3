// What the exchanges of a client have in common; private to client. Threads: the loop's.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "libthrottle/client/http_client.h"
#include "libthrottle/client/idle_pool.h"

namespace throttle::client {

struct HttpClient::State {
  State(uv::Loop& event_loop, Settings of)
      : loop(event_loop),
        settings(std::move(of)),
        host(settings.server.to_string()),
        pool(loop, settings.kept_connections, settings.keep_time) {}

  uv::Loop& loop;
  const Settings settings;
  const std::string host;
  IdlePool pool;
  std::size_t exchanges = 0;  // that are open
};

}  // namespace throttle::client
