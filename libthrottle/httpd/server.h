// An HTTP/1.1 server on the event loop: connections in, requests out; a response now or later.
//
// A handler answers a request at once, or returns nothing, and the exchange is parked: until
// respond() it costs no thread and less than 1 KiB. The receiver has one request of a connection at
// a time, so pipelined requests are answered in order.
//
// When all places are taken, the connection that is idle for longest is closed for a further
// client. If each of them has a request in hand (half-read, parked, or being answered), the
// listeners pause, and further clients wait in the system's backlog until a connection is idle or
// closes. They are not rejected with 503, because each retry of each client would cost an accept
// and a close. Waiting costs nothing, ends as soon as there is room, and keeps their order.
//
// A client that shuts down its sending side while its request is unanswered counts as gone, as with
// most HTTP servers: a closed socket looks the same. A client that has sent more than
// pipelined_bytes after that request is not read any more, so its leaving cannot be noticed; it
// counts as gone after idle_time.
//
// A connection from one of the networks of accept_proxy has to begin with a PROXY header, which
// names its client: that one is limited and is the client of its requests. A connection whose
// header is malformed, or not complete within head_time, is closed and reported.
//
// A response may have a producer (http/producer.h) that writes its body in pieces: each is asked
// for when the client has taken the one before, in a turn of its own. A client that reads slowly
// costs nobody but itself, one that leaves ends the producer, and Limits::flows bounds how many
// there are. Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ip_network.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/limits.h"
#include "libthrottle/http/message.h"
#include "libthrottle/httpd/counters.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::httpd {

class Server {
 public:
  // The application. All calls come from the loop, never from a member function of the server; in
  // each of them every member function may be called.
  class Receiver {
   public:
    // Returns the response, or nothing if respond() delivers it later (or has already been called).
    // The views of `request` live until it returns.
    virtual std::optional<http::Response> on_request(const http::Request& request,
                                                     http::ExchangeId exchange, TimePoint now) = 0;
    // The client of an unanswered exchange hung up: its response is not needed any more.
    virtual void on_abandoned(http::ExchangeId exchange) = 0;
    // The system refuses to accept connections. The server keeps trying.
    virtual void on_accept_failed(const Error& /*error*/) {}
    // A connection of this load balancer was closed because it had no valid PROXY header.
    virtual void on_bad_proxy_header(const SocketAddress& /*balancer*/,
                                     std::string_view /*reason*/) {}
    // After stop(): the last connection is closed. The call may destroy the server as the last
    // thing it does.
    virtual void on_stopped() {}

   protected:
    ~Receiver() = default;
  };

  // `loop` and `receiver` outlive the server.
  Server(uv::Loop& loop, const http::Limits& limits, Receiver& receiver,
         std::vector<IpNetwork> accept_proxy = {});
  // Closes what is open and calls nobody.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves the clients of `address`, once for each address; port 0 takes a free one. The address
  // with its real port, or the error of uv::TcpListener::listen().
  Result<SocketAddress> listen(const SocketAddress& address);

  // Answers a parked exchange. One that is unknown, answered or abandoned is no error.
  void respond(http::ExchangeId exchange, http::Response response);

  // The producer of this exchange's response has more to send: it is asked for it in a later turn.
  // One that is unknown, does not wait, or has ended is no error.
  void resume(http::ExchangeId exchange);

  // Stops gracefully: refuses new connections, closes the idle ones, lets the others finish their
  // request and says "Connection: close" to them. A producer that waits is ended, others finish.
  // on_stopped() follows, also if none was open.
  void stop();
  // Closes all connections. Exchanges are not abandoned one by one: the caller knows.
  void close_connections();

  const Counters& counters() const;
  // How many connections are accepted at a time: the limit, or what the descriptors allow if that
  // is less.
  std::size_t most_connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::httpd
