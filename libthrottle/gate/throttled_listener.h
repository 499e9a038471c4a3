// Listens, lets up to N connections in, and keeps the others waiting in the queue of a semaphore:
// each with what its client has sent so far, in the ledger's order, next to all others that want
// that semaphore.
//
//   class Service : public ThrottledListener::Receiver {
//     void on_admitted(Place place) noexcept override;   // serve place.take(), then drop the place
//   };
//
// Invariant: a connection is a peer of the ledger from its enrolment until its Place is dropped; so
// a place cannot leak, and a client that left takes none. Threads: the loop's, which is the
// ledger's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/core/result.h"
#include "libthrottle/gate/place.h"
#include "libthrottle/gate/refusal.h"
#include "libthrottle/gate/settings.h"
#include "libthrottle/gate/visit.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::gate {

class ThrottledListener {
 public:
  class Receiver {
   public:
    // In each call the receiver may stop() the listener and drop places, but not destroy it.

    // The connection has its place.
    virtual void on_admitted(Place place) noexcept = 0;
    // It ended before it had one: the client left (Refusal::kNone), or was rejected.
    virtual void on_not_admitted(const Visit& visit, Refusal refusal) noexcept = 0;
    // The system refuses to accept; the listener tries again.
    virtual void on_accept_failed(const Error& error) noexcept = 0;

   protected:
    ~Receiver() = default;
  };
  using Options = gate::Options;

  // What it is given outlives it. The semaphore of the options is configured in the ledger.
  ThrottledListener(uv::Loop& loop, LedgerHub& hub, Options options, Receiver& receiver);
  // All places are dropped by then. Closes the connections that wait; nobody is called.
  ~ThrottledListener();
  ThrottledListener(const ThrottledListener&) = delete;
  ThrottledListener& operator=(const ThrottledListener&) = delete;

  // Listens on every address of the host, on one port; an empty host means all addresses. A Unix
  // socket (HostPort::of_unix()) has no address: then the result is the unspecified one. Replaces
  // what it listened on. Errors name the address, and then nothing has changed. Not after stop(),
  // nor out of a call of the receiver. The name of a host is looked up meanwhile, which stops the
  // loop for up to 10 s; an address is not.
  Result<SocketAddress> listen(const HostPort& where);
  // The same in several places at once, which all lead to this one queue; at least one. It goes on
  // listening in those of them in which it listens already. The first address of each, in their
  // order.
  Result<std::vector<Endpoint>> listen(std::span<const HostPort> places);
  // For connections that come from now on, and by the limit of descriptors that is in force now.
  // The semaphore stays.
  void set_options(Options options);

  // Stops listening, and rejects the connections that wait, which is reported within the call. A
  // second call does nothing.
  void stop();

  // Whether a connection is there, in whatever stage, or a place of one that was.
  bool has_visitors() const;
  std::size_t waiting_count() const;         // without those that still have to send something
  std::vector<WaitingView> waiting() const;  // oldest first
  // The one in the queue that is this peer; none if it is not there or has its place.
  std::optional<Visit> waiting(PeerId peer) const;
  // Visits those that are not in the queue yet, looking at `most` places at a time. Returns where
  // the next slice begins, 0 after the last one; begin with 0.
  std::size_t visit_silent(std::size_t from, std::size_t most,
                           const std::function<void(const Visit&)>& visit) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::gate
