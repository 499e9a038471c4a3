// Listens, lets up to N connections in, and keeps the others waiting in the queue of a semaphore:
// each with what its client has sent so far, in the ledger's order, next to everybody else who
// wants that semaphore.
//
//   class Service : public ThrottledListener::Receiver {
//     void on_admitted(Place place) noexcept override;   // serve place.take(), then drop the place
//   };
//
// Invariant: a connection is a peer of the ledger from its enrolment until its Place is dropped; so
// a place cannot leak, and a client that leaves takes none. Threads: the loop's, which is the
// ledger's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/ledger_hub.h"
#include "libthrottle/proxy/held_stream.h"
#include "libthrottle/proxy/proxy_header.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

// One connection on its way through the queue.
struct Visit {
  SocketAddress client;                      // the real one, where a PROXY header told it
  std::optional<SocketAddress> destination;  // that the client connected to, if a header told it
  PeerId peer = 0;                           // 0 before it is enrolled
  TimePoint accepted;
  TimePoint enrolled = kNever;
  TimePoint granted = kNever;
  std::uint64_t position = 0;  // how many got a place while it waited, this one not counted
};

// A place that a connection got, with the connection. Dropping it closes the connection, if it was
// not taken, and lets the next one in: on_admitted() is called before the drop is over, so take a
// place out of whatever on_admitted() changes before you drop it. The listener outlives it.
class Place {
 public:
  class Receiver {
   public:
    // The client left; not after take(). The receiver may drop the place as the last thing it does.
    virtual void on_client_left() noexcept = 0;
    // The ledger took the place back: its time is over (Cause::kHoldLimit), or somebody deleted
    // the peer. The same.
    virtual void on_place_ended(Cause cause) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  Place(Place&& other) noexcept;
  Place& operator=(Place&& other) noexcept;
  ~Place();

  const Visit& visit() const;
  // Whom to tell; needed before the next turn of the loop. It outlives the place.
  void set_receiver(Receiver& receiver);
  // The connection, with what the client has said. Once.
  HeldStream::Contents take(HeldStream::Handover handover = HeldStream::Handover::kStopped);
  // Closes the connection; the place stays, and counts for its client as long. Not after take().
  void close_connection();
  // The place ends at now + `hold`, whatever happens on the connection.
  void limit_hold(Duration hold);
  // Drops the place, and ends the connection as one that is refused for that reason. Not after
  // take().
  void turn_away(Refusal refusal);

 private:
  friend class ThrottledListener;
  struct Client;
  explicit Place(Client& client) : client_(&client) {}
  Client* client_;
};

// Who waits, for people.
struct WaitingView {
  Visit visit;
  bool silent = false;  // not in the queue yet: has not said what it must
};

class ThrottledListener {
 public:
  class Receiver {
   public:
    // The connection has its place.
    virtual void on_admitted(Place place) noexcept = 0;
    // It ended before it had one: the client left (Refusal::kNone), or was turned away.
    virtual void on_not_admitted(const Visit& visit, Refusal refusal) noexcept = 0;
    // The system refuses to accept; it is tried again.
    virtual void on_accept_failed(const Error& error) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  struct Options {
    std::string semaphore = {};  // configured in the ledger; each connection takes 1 of it
    std::string label = {};      // of the peers, for people
    Duration queue_timeout = kForever;
    HalfClosed half_closed = HalfClosed::kIsServed;
    ActivateOn activate_on = ActivateOn::kConnect;
    Rejection rejection = Rejection::kClose;
    std::vector<IpNetwork> accept_proxy = {};  // from whom a PROXY protocol header is required
    Duration proxy_header_timeout = std::chrono::seconds(5);
    // Of those that have to speak first (ActivateOn::kFirstByte), which do not stand in the queue.
    std::size_t max_silent = 10'000;
    Duration silence_timeout = kForever;
    std::size_t waiting_bytes = 16 * 1024;  // kept of a client that waits; one read more at most
    // Connections of one client, waiting or admitted, by its real address.
    ConnectionLimiter::Config client_limits = {};
    Duration keepalive = std::chrono::seconds(60);  // when a silent client is probed
    std::size_t spare_descriptors = 64;             // left to all others when connections are taken
  };

  // What it is given outlives it.
  ThrottledListener(uv::Loop& loop, LedgerHub& hub, Options options, Receiver& receiver);
  // All places are dropped by then. Closes those who wait.
  ~ThrottledListener();
  ThrottledListener(const ThrottledListener&) = delete;
  ThrottledListener& operator=(const ThrottledListener&) = delete;

  // Listens on every address of the host, on one port; an empty host means all addresses. Replaces
  // what it listened on. Errors name the address, and then nothing has changed.
  Result<SocketAddress> listen(const HostPort& where);
  // For connections that come from now on, and by the limit of descriptors that is in force now.
  // The semaphore stays.
  void set_options(Options options);

  // Stops listening, and turns away who waits.
  void stop();

  std::size_t waiting_count() const;         // not those that are silent still
  std::vector<WaitingView> waiting() const;  // oldest first

 private:
  friend class Place;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
