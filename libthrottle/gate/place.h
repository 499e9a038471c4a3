// A place that a connection got, together with the connection.
//
// Dropping the place closes the connection, if it was not taken, and frees the place; the next
// connection gets it at the end of the loop's turn. No member function calls anybody. The listener
// outlives the place. Threads: the loop's.
#pragma once

#include <string>

#include "libthrottle/core/ledger_event.h"
#include "libthrottle/core/result.h"
#include "libthrottle/gate/held_stream.h"
#include "libthrottle/gate/refusal.h"
#include "libthrottle/gate/visit.h"
#include "libthrottle/uv/system_socket.h"

namespace throttle::gate {

class Place {
 public:
  class Receiver {
   public:
    // The client left; not after take(). The receiver may drop the place as the last thing it does.
    virtual void on_client_left() noexcept = 0;
    // The ledger took the place back: its time is over (Cause::kHoldLimit), or somebody deleted
    // the peer. Once. The receiver may drop the place as the last thing it does.
    virtual void on_place_ended(Cause cause) noexcept = 0;

   protected:
    ~Receiver() = default;
  };

  Place(Place&& other) noexcept;
  Place& operator=(Place&& other) noexcept;
  ~Place();

  const Visit& visit() const;
  bool is_extra() const;  // of the extra places of its client
  // `receiver` is called from now on. It outlives the place, and is needed before on_admitted()
  // returns.
  void set_receiver(Receiver& receiver);
  // The connection, with what the client has sent. Once.
  HeldStream::Contents take(HeldStream::Handover handover = HeldStream::Handover::kStopped);
  // Undoes take() for a connection on which nothing was received: on_client_left() is called again,
  // and what needs a connection that was not taken may be called.
  void give_back(uv::TcpStream connection);
  // The same as take() for a program that serves it without this library's streams, for example
  // with a uv_tcp_t of its own. An end that came already is read from the socket again. Error
  // kUnavailable if the system has no descriptor left; then nothing has changed.
  struct Socket {
    uv::SystemSocket socket;
    std::string received;    // before anything that is read from the socket
    bool has_ended = false;  // the client will send nothing more
  };
  Result<Socket> take_socket();
  // Closes the connection; the place stays, and the connection still counts for its client. Not
  // after take().
  void close_connection();
  // The place ends at now + `hold`, whatever happens on the connection.
  void limit_hold(Duration hold);
  // Drops the place, and ends the connection as one that is refused for that reason. Not after
  // take().
  void turn_away(Refusal refusal);

 private:
  friend class ThrottledListener;
  class Client;  // client.h
  explicit Place(Client& client) : client_(&client) {}
  Client* client_;
};

}  // namespace throttle::gate
