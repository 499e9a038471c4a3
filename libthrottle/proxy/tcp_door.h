// The TCP door of the ledger: a proxy whose connections are peers.
//
// A ThrottledListener gives it connections that have their place; each is prepared (hook,
// recycling), connected to the upstream and relayed, and when it ends, however it ends, its place
// is dropped and passes on. Threads: the loop's, which is the ledger's.
#pragma once

#include <functional>
#include <memory>
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

class TcpDoor {
 public:
  // All outlive the door.
  struct Surroundings {
    uv::Loop& loop;
    LedgerHub& hub;
    Reports& reports;
    HookRunner* runner = nullptr;  // of the hooks; null: the commands of the settings
  };

  // Listens and serves. The semaphore is configured in the ledger. Errors: those of resolving and
  // listening, naming the address.
  static Result<std::unique_ptr<TcpDoor>> open(const Surroundings& surroundings, Settings settings);
  // Closes every connection.
  ~TcpDoor();
  TcpDoor(const TcpDoor&) = delete;
  TcpDoor& operator=(const TcpDoor&) = delete;

  // Puts other settings in force without dropping a connection; how many are let in, and in which
  // order, is the ledger's to know. The semaphore stays. Error if it cannot listen on a new
  // address: then it goes on at the old one, and all else is in force.
  Result<void> reload(Settings settings);

  // Stops accepting and turns away who waits; those that have a place end when they like.
  void retire();
  // Retires, and cuts off who is left after the drain timeout. `on_drained` is called once,
  // possibly at once, when nobody is left, from within a call of the door: it must not destroy it.
  void drain(std::function<void()> on_drained);
  // Cuts every connection off now.
  void close_now();

  const Settings& settings() const;
  const SocketAddress& local_address() const;
  std::size_t active_count() const;  // with a place, prepared or not
  std::size_t waiting_count() const;
  // Whether nobody has a place, no command runs, and nothing that one left running may still write.
  bool is_idle() const;
  // Those with a place in the order of their grants, then the others as they came.
  std::vector<ConnectionView> connections() const;

 private:
  struct State;
  explicit TcpDoor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
