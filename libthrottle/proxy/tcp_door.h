// The TCP door of the ledger: a proxy whose connections are peers.
//
// A ThrottledListener gives it connections that have their place; each is prepared (hook,
// recycling), connected to the upstream and relayed, and when it ends, however it ends, its place
// is dropped and passes on. Threads: the loop's, which is the ledger's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/core/result.h"
#include "libthrottle/proxy/hook_runner.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

// Where a walk over the connections of a door is between two slices. It refers to nothing.
class ConnectionCursor {
 public:
  bool ended() const { return stage_ == Stage::kEnded; }

 private:
  friend class TcpDoor;
  enum class Stage : std::uint8_t { kPlaced, kQueue, kSilent, kEnded };

  Stage stage_ = Stage::kPlaced;
  std::pair<TimePoint, PeerId> placed_ = {TimePoint::min(), 0};  // the last one visited
  QueueCursor queue_;
  std::size_t place_ = 0;   // in the queue
  std::size_t silent_ = 0;  // of the listener
};

class TcpDoor {
 public:
  // All outlive the door.
  struct Context {
    uv::Loop& loop;
    LedgerHub& hub;
    Reports& reports;
    HookRunner* runner = nullptr;  // of the hooks; null: the commands of the settings
    // Is called with each address of the upstream that is connected to, if it is another one than
    // before. It must not call the door.
    std::function<void(const SocketAddress&)> on_upstream_reached = nullptr;
  };

  // Listens and serves. The semaphore is configured in the ledger. Errors: those of resolving and
  // listening, naming the address.
  static Result<std::unique_ptr<TcpDoor>> open(const Context& context, Settings settings);
  // Calls nobody. It has stopped, or has nothing to end: no connection and no command that runs.
  ~TcpDoor();
  TcpDoor(const TcpDoor&) = delete;
  TcpDoor& operator=(const TcpDoor&) = delete;

  // Puts other settings in force without dropping a connection. The semaphore stays; the ledger has
  // its limit and its order. Error if it cannot listen on a new address: then it goes on at the old
  // ones, and everything else is in force.
  Result<void> reload(Settings settings);

  // Stops accepting and rejects the clients that wait; connections that have a place go on.
  void retire();
  // Retires, and cuts off the connections that are left after the drain timeout. `on_drained` is
  // called once when none is left, possibly at once, from within a call of the door: it must not
  // destroy it.
  void drain(std::function<void()> on_drained);
  // Cuts every connection off now.
  void close_now();
  // The end of the door: stops accepting, rejects the clients that wait, cuts every connection off
  // and ends the commands that run. Reports all of that within the call, and nothing more after it;
  // a drain that is under way does not call `on_drained` any more. Only the destructor and
  // questions may follow.
  void stop();

  const Settings& settings() const;
  // Where it listens: an endpoint for each place of the settings, in their order.
  const std::vector<Endpoint>& endpoints() const;
  std::size_t active_count() const;  // with a place, prepared or not
  std::size_t waiting_count() const;
  // Why the upstream does not serve; empty if the last attempt or recycling went well, or there was
  // none. With nothing connected, nobody else would notice that it serves again: so each call sees
  // to it that it is tried.
  std::string trouble();
  // Whether no connection has a place, no command runs, and no process that one left running can
  // still write.
  bool is_idle() const;
  // Walks over the connections in slices, so that a caller can do something else in between: those
  // with a place in the order of their grants, those in the queue in its order, then those that
  // have to send something first. Each slice looks at `most` of them (of a queue that others share,
  // at `most` waiters), and moves the cursor on. One that is there throughout the walk and does not
  // move on is visited once.
  using ConnectionVisitor = std::function<void(const ConnectionView&)>;
  void visit_connections(ConnectionCursor& cursor, std::size_t most,
                         const ConnectionVisitor& visit) const;
  // All of them, in the same order.
  std::vector<ConnectionView> connections() const;

 private:
  struct State;
  explicit TcpDoor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
