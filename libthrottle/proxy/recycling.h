// When the upstream may be restarted, and who waits meanwhile.
//
//   idle ──begin()──► draining ──nobody else holds a lease──► restarting ──► probing ──► idle
//                              ──stop_draining()──►
//
// From the beginning to the end the semaphore is paused, so that nothing more is granted. What had
// been granted in the same turn already is held here, and let go in its order at the end; should
// one of those be reason to begin anew, the rest stays and the pause lasts.
// It watches the leases of the semaphore itself, for they need not be connections of the proxy.
// Invariant: the semaphore is paused by us exactly while we are not idle, or let go.
// Threads: the loop's. No loop, no clock: what takes time is the business of its Actions.
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
    // Begin what the step needs. Its end is told by on_restarted(), where it went well perhaps from
    // within, and by on_probed(), never from within.
    virtual void restart() noexcept = 0;
    virtual void probe() noexcept = 0;
    // The connection may go on.
    virtual void let_go(const Activation& activation) noexcept = 0;

   protected:
    ~Actions() = default;
  };

  // Both outlive it.
  Recycling(LedgerHub& hub, Actions& actions) : hub_(hub), actions_(actions) {}
  // Resumes the semaphore and settles the hub.
  ~Recycling();
  Recycling(const Recycling&) = delete;
  Recycling& operator=(const Recycling&) = delete;

  Step step() const { return step_; }

  // Counts an activation. Whether it is the `every`th since a recycling began (0: none is).
  bool count(std::size_t every);
  // Begins, and counts anew. False if a recycling is under way already.
  bool begin(std::string_view semaphore);

  // Whether a connection that is granted its place now has to wait: hold() it.
  bool holds_back() const { return step_ != Step::kIdle || !held_.empty(); }
  void hold(const Activation& activation);
  // One that is held has left; it is no error if it is not held.
  void drop(PeerId peer);
  bool holds(PeerId peer) const;
  // While draining: restarts, whoever holds a lease still.
  void stop_draining();

  // The restart is over. An upstream that could not be restarted is not probed: all go on, and meet
  // what they meet.
  void on_restarted(TimePoint now, bool succeeded);
  void on_probed(TimePoint now) { finish(now); }

 private:
  bool empty() const;
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
  LedgerHub::Subscription leases_;     // while it is paused
};

}  // namespace throttle::proxy
