// Decides when the upstream may be restarted, and which connections wait meanwhile.
//
//   idle ──begin()──► draining ──nobody else holds a lease──► restarting ──► probing ──► idle
//                              ──stop_draining()──►
//
// From every step give_up() leads to idle.
//
// From the beginning to the end the semaphore is paused, so that nothing more is granted. A
// connection that had been granted its place already is held here, and let go in its order at the
// end; if one of those begins the next recycling, the rest stays and the pause lasts.
// It watches the leases of the semaphore itself, for they need not be connections of the proxy.
// Invariant: this object pauses the semaphore while it is not idle, or lets connections go.
// Threads: the loop's. No loop, no clock: its Actions do what takes time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/core/time.h"
#include "libthrottle/proxy/hook_runner.h"

namespace throttle::proxy {

class Recycling {
 public:
  enum class Step : std::uint8_t { kIdle, kDraining, kRestarting, kProbing };

  class Actions {
   public:
    // Begin the step. Its end is reported by on_restarted(), possibly from within if it went well,
    // and by on_probed(), never from within.
    virtual void restart() noexcept = 0;
    virtual void probe() noexcept = 0;
    // The connection may go on.
    virtual void let_go(const Activation& activation) noexcept = 0;

   protected:
    ~Actions() = default;
  };

  // Both outlive it.
  Recycling(LedgerHub& hub, Actions& actions) : hub_(hub), actions_(actions) {}
  // Resumes the semaphore. Its Actions are not called.
  ~Recycling();
  Recycling(const Recycling&) = delete;
  Recycling& operator=(const Recycling&) = delete;

  Step step() const { return step_; }

  // Counts an activation. True if it is at least the `every`th since a recycling began (0: never).
  bool count(std::size_t every);
  // Begins, and counts from 0 again. False if a recycling is under way already. The leases of
  // another semaphore are waited for too, if the ledger has it; connections that get one from now
  // on have to be held.
  bool begin(std::string_view semaphore, std::string_view other = {});

  // Whether a connection that has its place now has to wait: hold() it.
  bool holds_back() const { return step_ != Step::kIdle || !held_.empty(); }
  void hold(const Activation& activation);
  // A held connection has left; it is no error if it is not held.
  void drop(PeerId peer);
  bool holds(PeerId peer) const;
  // While draining: restarts, although leases are held still.
  void stop_draining();
  // Ends a recycling, forgets the connections that it holds and resumes the semaphore. Its Actions
  // are not called.
  void give_up(TimePoint now);

  // The restart is over; only while restarting. An upstream that could not be restarted is not
  // probed: the connections go on.
  void on_restarted(TimePoint now, bool succeeded);
  void on_probed(TimePoint now);  // only while probing

 private:
  void move(Step to);
  bool empty() const;
  bool has_lease(PeerId peer) const;
  void restart();
  void restart_if_empty();
  void finish(TimePoint now);
  void resume(TimePoint now);

  LedgerHub& hub_;
  Actions& actions_;
  Step step_ = Step::kIdle;
  std::size_t counted_ = 0;
  std::deque<Activation> held_;
  std::optional<std::string> paused_;  // the semaphore
  std::string other_;
  LedgerHub::Subscription leases_;  // while it is paused
  LedgerHub::Subscription other_leases_;
};

}  // namespace throttle::proxy
