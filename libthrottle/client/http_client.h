// A small HTTP/1.1 client on the event loop, for one server: requests in, responses out, whole or
// piece by piece.
//
//   client::HttpClient http(loop, {.server = {"localhost", 8000}});
//   client::Exchange exchange = http.send({.target = "/health"}, uv::bound<&Probe::on_done>(this));
//
// Connections are kept and used again. A kept connection that turns out to be closed is replaced
// without the caller's notice, if the method allows a repetition (GET, HEAD, PUT, DELETE). A POST
// always gets a fresh one, because after a failure nobody could know whether it was carried out.
// Redirects, cookies, compression and proxies are left to the caller. Host names are looked up off
// the loop. Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/client/settings.h"
#include "libthrottle/core/result.h"
#include "libthrottle/http/message.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::client {

struct Request {
  http::Method method = http::Method::kGet;
  std::string target = "/";       // path and query, percent-encoded
  std::string content_type = {};  // of the body, if there is one
  std::string body = {};
  std::vector<http::Header> headers = {};
  std::optional<TimeLimits> limits = {};  // instead of those of the settings
};

// A response of any status: 404 is no error here.
struct Response {
  http::ResponseHead head;
  std::string body;
};

// One request on its way. Destroying it cancels the request: nothing is called any more, and its
// connection is closed. Whether the server carried it out is unknown then.
class Exchange {
 public:
  // Nothing is on its way.
  Exchange();
  ~Exchange();
  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) noexcept;

  // Whether the outcome was not reported yet.
  bool is_open() const;

 private:
  friend class HttpClient;
  struct State;
  explicit Exchange(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

class HttpClient {
 public:
  // The response, or an error that names the request, and what happened where. kNotFound: there is
  // no such host; kInvalidArgument: the target is none, nothing was sent; kExhausted: no descriptor
  // or port of ours is left; kUnavailable: all else. The callback may destroy the exchange, and the
  // client, as the last thing it does.
  using OnDone = uv::Callback<void(Result<Response>)>;

  // Receives a response piece by piece. In each call the exchange may be destroyed as the last
  // thing.
  class Receiver {
   public:
    virtual void on_head(const http::ResponseHead& head) = 0;
    // Never empty; good until it returns.
    virtual void on_body(std::string_view piece) = 0;
    // The response is complete, or failed with one of the errors above. Nothing follows.
    virtual void on_end(Result<void> outcome) = 0;

   protected:
    ~Receiver() = default;
  };

  // `loop` outlives the client, the client its open exchanges.
  HttpClient(uv::Loop& loop, Settings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Both begin a request; what is reported comes from the loop, never from these calls.
  [[nodiscard]] Exchange send(Request request, OnDone on_done);
  [[nodiscard]] Exchange stream(Request request, Receiver& receiver);

  // Connections that wait for a request.
  std::size_t kept_connections() const;

  struct State;  // private to client (client_state.h)

 private:
  std::unique_ptr<State> state_;
};

}  // namespace throttle::client
