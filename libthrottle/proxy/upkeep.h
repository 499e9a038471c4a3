// The work around activations: the hook that each one waits for, and the recycling of the upstream.
//
// A door asks begin() when the ledger granted a connection its place; the answer comes through the
// receiver, and the place is held meanwhile. With the Nth activation (or a time-to-live that was
// reached) the upkeep pauses the semaphore; connections that had been granted a place by then wait
// here; when nothing else holds a lease on the semaphore any more, it runs the recycle command,
// probes the upstream until it answers, lets those go on and resumes the semaphore: every waiter
// has kept its place, and no client's time was used. Nothing here blocks
// anything else: commands run as processes of the loop. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/proxy/dialer.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

// What a hook is told of the connection it runs for; becomes THROTTLE_* in its environment.
struct Activation {
  PeerId peer = 0;
  SocketAddress client;
  Duration waited{};
  std::size_t queued = 0;  // how many wait behind it
};

class Upkeep {
 public:
  class Receiver {
   public:
    // The connection may go on, or the hook turned it away and `why` says how (exit status, signal,
    // time over). Called once for each begin() that was not cancelled, also for one without a hook,
    // but then from within begin().
    virtual void on_prepared(PeerId peer, Result<void> verdict) noexcept = 0;
    // A command said something, or ended badly, or recycling moved on: for the log.
    virtual void on_hook_line(std::string_view hook, std::string_view line) noexcept = 0;
    virtual void on_note(std::string_view what) noexcept = 0;
    // A command ended after `took`, for metrics.
    virtual void on_hook_done(std::string_view hook, Duration took, bool succeeded) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  // What it is given outlives it. `upstream` is probed after a recycling.
  Upkeep(uv::Loop& loop, LedgerHub& hub, Upstream& upstream, const Settings& settings,
         Receiver& receiver);
  // Kills what still runs.
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  void set_settings(const Settings& settings);  // for what begins from now on

  // Numbers the activation (THROTTLE_ACTIVATION) and runs --before-activate, if there is one.
  void begin(const Activation& activation);
  // The client has left meanwhile: its hook is killed, nobody is told.
  void cancel(PeerId peer);
  // A connection reached its time-to-live: runs --on-timeout; the next activation is told of it.
  void on_time_to_live(const Activation& activation);
  // Some lease on the semaphore ended: if it ran empty, a recycling that waits for that goes on.
  void on_lease_ended();

  bool recycling() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
