// An HTTP/1.1 server on the event loop: connections in, requests out; a response now or later.
//
// A handler answers a request at once, or returns nothing and the exchange is parked: it costs no
// thread, and less than 1 KiB until respond(). One request at a time is out for a connection, so
// pipelined ones are answered in order.
//
// When all places are taken, the listeners pause and further clients wait in the system's backlog
// until a connection closes. They are not turned away with 503: that would cost an accept and a
// close for each try of each client, again and again, where waiting costs nothing, ends the moment
// there is room, and keeps their order.
//
// A client that ends its sending side while its request is unanswered counts as gone, as with most
// HTTP servers: a socket that was closed looks just the same. One that has sent so much behind that
// request that it is not read any more cannot be heard leaving; it counts as gone after idle_time.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/counters.h"
#include "libthrottle/http/limits.h"
#include "libthrottle/http/message.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::http {

class Server {
 public:
  // Whoever answers. All calls come from the loop, never from a member function of the server; in
  // each of them every member function may be called.
  class Receiver {
   public:
    // The response, or nothing if respond() brings it later (or has already been called). The views
    // of `request` live until it returns.
    virtual std::optional<Response> on_request(const Request& request, ExchangeId exchange,
                                               TimePoint now) = 0;
    // The client of an unanswered exchange hung up: nobody waits for the response any more.
    virtual void on_abandoned(ExchangeId exchange) = 0;
    // The system refuses to accept connections. The server goes on trying.
    virtual void on_accept_failed(const Error& /*error*/) {}
    // After stop(): the last connection is closed. May destroy the server as the last thing it
    // does.
    virtual void on_stopped() {}

   protected:
    ~Receiver() = default;
  };

  // `loop` and `receiver` outlive the server.
  Server(uv::Loop& loop, const Limits& limits, Receiver& receiver);
  // Closes what is open; tells nobody.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves the clients of `address`, once for each address; port 0 takes a free one. The address
  // with its real port, or the error of uv::TcpListener::listen().
  Result<SocketAddress> listen(const SocketAddress& address);

  // Answers a parked exchange. One that is unknown, answered or abandoned is no error.
  void respond(ExchangeId exchange, Response response);

  // Stops gracefully: refuses new connections, closes the idle ones, lets the others finish their
  // request and says "Connection: close" to them. on_stopped() follows, also if none was open.
  void stop();
  // Closes all connections. Exchanges are not abandoned one by one: the caller knows.
  void close_connections();

  const Counters& counters() const;
  // How many connections it takes at a time: the limit, or what the descriptors allow if that is
  // less.
  std::size_t most_connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::http
