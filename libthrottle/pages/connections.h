// The page /connections: each proxy with its connections, as JSON.
//
// It is written in pieces, a slice of connections at a time, because a proxy may have tens of
// thousands. Between two pieces connections come and go: one that is there all the while and keeps
// its state is on the page once. Threads: the loop's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libthrottle/http/producer.h"
#include "libthrottle/proxy/tcp_door.h"

namespace throttle::pages {

// What the page shows of one proxy before its connections.
struct ProxyHead {
  std::string name;
  std::string listen;
  std::string upstream;
  std::string semaphore;
  std::size_t active = 0;
  std::size_t waiting = 0;
};

struct ShownProxy {
  ProxyHead head;
  // The next slice of its connections (TcpDoor::visit_connections); false if the proxy has gone.
  // What it refers to outlives the page.
  std::function<bool(proxy::ConnectionCursor& cursor, std::size_t most,
                     const proxy::TcpDoor::ConnectionVisitor& visit)>
      visit;
};

// In their order; the body ends in a line end.
std::unique_ptr<http::Producer> connections_page(std::vector<ShownProxy> proxies);

}  // namespace throttle::pages
