// The work around activations: the hook that each one waits for, and the recycling of the upstream.
//
// A door asks begin() when the ledger granted a connection its place; the answer comes through the
// receiver, and the place is held meanwhile. With the Nth activation (or a time-to-live that was
// reached) the upkeep pauses the semaphore; connections that had been granted a place by then wait
// here; when nothing else holds a lease on the semaphore any more, it runs the recycle hook, probes
// the upstream until it answers, lets those go on and resumes the semaphore: every waiter has kept
// its place, and no client's time was used. Where the settings limit how long others may hold it
// up, the receiver is told to end its own then; leases that are not its own stay, and the restart
// comes all the same. A recycling that fails poisons nothing: a note says so,
// all go on, and the next one is as far away as after a good one. Nothing here blocks anything
// else: commands run as processes of the loop. Threads: the loop's.
#pragma once

#include <memory>
#include <string_view>

#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/proxy/hook_runner.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

class Upstream;

class Upkeep {
 public:
  // None of these calls may destroy the upkeep.
  class Receiver {
   public:
    // The connection, which has its number now, may go on, or the hook turned it away and the error
    // says how (exit status, signal, time over). Called once for each begin() that was not
    // cancelled, nor left in vain, also for one without a hook, but then from within begin() if no
    // recycling is under way.
    virtual void on_prepared(const Activation& activation, Result<void> verdict) noexcept = 0;
    // The time for a recycling to wait is over: end every connection that was begun and has not
    // ended, but those that the upkeep holds().
    virtual void on_recycling_overdue() noexcept = 0;
    // A hook said something, or ended after `took`, or recycling moved on: for log and metrics.
    virtual void on_hook_line(const HookCall& hook, std::string_view line) noexcept = 0;
    virtual void on_hook_done(const HookCall& hook, Duration took,
                              const Result<void>& verdict) noexcept = 0;
    virtual void on_note(NoteWeight weight, std::string_view what) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  // All outlive it.
  struct Surroundings {
    uv::Loop& loop;
    LedgerHub& hub;
    Upstream& upstream;            // is probed after a recycling
    HookRunner* runner = nullptr;  // of the hooks; null: the commands of the settings
  };

  Upkeep(const Surroundings& surroundings, const Settings& settings, Receiver& receiver);
  // Ends what still runs, which on_hook_done() tells. If it has paused the semaphore it resumes it
  // and settles the hub, whose observers leave this upkeep alone by then.
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  // For what begins from now on, and for how long a recycling that has begun may wait.
  void set_settings(const Settings& settings);

  // Numbers the activation (THROTTLE_ACTIVATION) and runs --before-activate, if there is one. With
  // the Nth, nothing more is granted from now on: the recycling waits for it and those before it.
  void begin(const Activation& activation);
  // The client has left meanwhile. True: its hook runs, and does so to its end, which on_prepared()
  // tells; the place is to be held until then. False: all is over, nobody is told.
  bool leave(PeerId peer);
  // The connection is cut off, and its hook with it, which only on_hook_done() tells.
  void cancel(PeerId peer);
  // A connection reached its time-to-live: runs --on-timeout; the next activation is told of it,
  // and does not wait for the hook. May begin a recycling.
  void on_time_to_live(const Activation& activation);

  bool recycling() const;
  // Whether the connection has its place and waits here for the end of a recycling.
  bool holds(PeerId peer) const;
  // Whether no hook runs, no recycling is under way, and nothing that commands left running may
  // still write.
  bool is_idle() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
