// The TCP door of the ledger: a proxy whose connections are peers.
//
// A connection is accepted, permitted (limits by client), enrolled in the ledger, and waits there
// like any other peer; when it is granted, its hook runs, the upstream is connected and the bytes
// flow; when it ends, however it ends, its peer is removed and the place passes on. The life of a
// connection is the life of its peer, so a place cannot leak. Threads: the loop's, which is the
// ledger's.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/core/result.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

class TcpDoor {
 public:
  // Listens and serves. `loop`, `hub` and `reports` outlive the door; the semaphore is configured
  // in the ledger. Errors: those of resolving and listening, naming the address.
  static Result<std::unique_ptr<TcpDoor>> open(uv::Loop& loop, LedgerHub& hub, Settings settings,
                                               Reports& reports);
  ~TcpDoor();
  TcpDoor(const TcpDoor&) = delete;
  TcpDoor& operator=(const TcpDoor&) = delete;

  // Puts other settings in force without dropping a connection; counts and orders are the ledger's.
  // Error, and nothing is changed, if it cannot listen on a new address.
  Result<void> reload(Settings settings);

  // Stops accepting, turns away who waits, and lets active connections end within the drain
  // timeout. `on_drained` is called once, possibly at once.
  void drain(std::function<void()> on_drained);
  // Resets every connection now.
  void close_now();

  SocketAddress local_address() const;
  std::size_t active_count() const;
  std::size_t waiting_count() const;
  std::vector<ConnectionView> connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
