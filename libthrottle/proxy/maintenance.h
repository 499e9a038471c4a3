// The work around activations: the hook that each activation waits for, and the recycling of the
// upstream.
//
// A door calls begin() when a connection was granted its place; the answer comes through the
// receiver, and the connection keeps its place meanwhile. With the Nth activation, or when a
// time-to-live was reached, the maintenance pauses the semaphore. Connections that had been granted
// a place by then wait here. When nothing else holds a lease on the semaphore any more, it runs the
// recycle hook, probes the upstream until it answers, lets the connections go on and resumes the
// semaphore: every waiting client kept its place, and no client's time was used. The settings may
// limit how long others hold a recycling up. Then the receiver is asked to end its connections;
// leases of others stay, and the upstream is restarted all the same. A failed recycling is reported
// and otherwise treated like a successful one: waiting connections proceed, and the counter
// restarts. Nothing here blocks anything else: commands run as processes of the loop.
// Threads: the loop's.
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

class Maintenance {
 public:
  // None of these calls may destroy the maintenance.
  class Receiver {
   public:
    // The connection, which has its number now, may go on; or the hook rejected it, and the error
    // says why (exit status, signal, time over). Called once for each begin() that was neither
    // cancelled nor ended by leave(). Without a hook it is called from within begin(), unless a
    // recycling is under way.
    virtual void on_prepared(const Activation& activation, Result<void> verdict) noexcept = 0;
    // A recycling has waited for long enough: end every connection that was begun and has not
    // ended, except those that the maintenance holds().
    virtual void on_recycling_overdue() noexcept = 0;
    // A hook wrote a line, or ended after `took`, or recycling moved on: for log and metrics.
    virtual void on_hook_line(const HookCall& hook, std::string_view line) noexcept = 0;
    virtual void on_hook_done(const HookCall& hook, Duration took,
                              const Result<void>& verdict) noexcept = 0;
    virtual void on_note(NoteWeight weight, std::string_view what) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  // All outlive it. The semaphore of the settings stays the same.
  struct Context {
    uv::Loop& loop;
    LedgerHub& hub;
    Upstream& upstream;            // is probed after a recycling
    HookRunner* runner = nullptr;  // of the hooks; null: the commands of the settings
  };

  // `settings` are those in force whenever something is decided; they outlive it too.
  Maintenance(const Context& context, const Settings& settings, Receiver& receiver);
  // Calls nobody. It has stopped, or no hook runs. If it has paused the semaphore it resumes it.
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  // The settings have changed. They are in force for hooks and recyclings that begin from now on;
  // this call puts a new drain timeout in force for a recycling that is waiting, and tries by a
  // connection what a ready command tried that is no longer there.
  void on_settings_changed();

  // Numbers the activation (THROTTLE_ACTIVATION) and runs --before-activate, if there is one. From
  // the Nth on nothing more is granted: the recycling waits for it and those before it.
  void begin(const Activation& activation);
  // The client left meanwhile. True: its hook runs on to its end, which on_prepared() reports; keep
  // the place until then. False: it is over, and nothing is reported.
  bool leave(PeerId peer);
  // The connection is cut off, and its hook with it; only on_hook_done() reports that.
  void cancel(PeerId peer);
  // A connection reached its time-to-live: runs --on-timeout. The next activation does not wait for
  // that hook; its own hook can see what happened (THROTTLE_TIMED_OUT). May begin a recycling.
  void on_time_to_live(const Activation& activation);

  // Tries an upstream that failed (Upstream::failure()) as after a recycling (a connection within
  // the connect timeout), and notes there whether it serves again. Nothing is reported. Does
  // nothing while it is tried already or recycled, nor unless the semaphore has a place and neither
  // it nor that of the extra places has a lease; a lease that is granted ends the trial. So there
  // are never more connections to the upstream than there may be.
  void try_upstream();

  // The upstream is new: tries it once, if the settings ask for that, by a connection that is
  // closed at once. If it does not answer, notes and reports that. Under the same conditions as
  // try_upstream().
  void try_new_upstream();

  // Ends the hooks that still run, and reports that by on_hook_done(); gives up a recycling that is
  // under way, and resumes the semaphore if it has paused it. No other connection may begin.
  void stop();

  bool recycling() const;
  // Whether the connection has its place and waits here until a recycling is over.
  bool holds(PeerId peer) const;
  // Whether no hook runs, no recycling is under way, and no process that a command left running can
  // still write.
  bool is_idle() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
