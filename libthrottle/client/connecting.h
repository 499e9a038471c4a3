// Makes a connection to a server: looks its name up, tries its addresses in turn. Destroying it
// gives up. Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/resolver.h"
#include "libthrottle/uv/tcp_connector.h"
#include "libthrottle/uv/timer.h"
#include "libthrottle/uv/wire.h"

namespace throttle::client {

class Connecting {
 public:
  // A connection, or why there is none. May destroy the object as the last thing it does.
  using OnDone = uv::Callback<void(Result<std::unique_ptr<uv::Wire>>)>;

  // Begins; all of it must be done by `deadline`, of which each address gets its share. `on_done`
  // is called once, from the loop.
  Connecting(uv::Loop& loop, HostPort server, TimePoint deadline, OnDone on_done);
  ~Connecting() = default;
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

 private:
  void on_resolved(Result<uv::ResolvedHost> host);
  void on_connected(Result<uv::TcpStream> stream);
  void on_due();
  void try_next();
  void arm_for_attempt();

  uv::Loop& loop_;
  HostPort server_;
  TimePoint deadline_;
  OnDone on_done_;
  uv::Timer timer_;
  uv::Addresses addresses_;
  std::size_t next_ = 0;          // address to be tried
  std::optional<Error> failure_;  // of the latest attempt
  std::optional<uv::Resolver> resolver_;
  std::optional<uv::TcpConnector> connector_;
};

}  // namespace throttle::client
