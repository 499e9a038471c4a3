// One connection's HTTP without the connection: bytes come in, requests come out one at a time,
// responses go in, bytes go out. So all of the protocol is tested without a socket.
//
// A conversation ends with a response that says "Connection: close": because the client asked for
// it, because HTTP/1.0 does so by default, or after end_soon(). It also ends with a fault, which is
// answered here, with its status and a text that names what was wrong: what follows a fault cannot
// be understood. Errors of the application (for example 404) do not end it.
// Invariant: no request comes out while another one waits for its response, or while that is being
// written in pieces, so responses leave in order. Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/core/proxy_header.h"
#include "libthrottle/core/time.h"
#include "libthrottle/http/body_budget.h"
#include "libthrottle/http/flow.h"
#include "libthrottle/http/limits.h"
#include "libthrottle/http/message.h"
#include "libthrottle/http/request_reader.h"
#include "libthrottle/http/response_text.h"

namespace throttle::http {

class Conversation {
 public:
  enum class Phase : std::uint8_t {
    kIdle,    // between requests
    kHead,    // a head is incomplete
    kBody,    // a body is incomplete
    kAnswer,  // a request waits for its response
    kFlow,    // a response is being written in pieces
    kOver,    // the last response is written; what comes in is dropped
  };
  // What a server lends for a moment. Responses are appended to `bytes`, with this Date. Answers in
  // pieces count in `flows`, which outlives the conversation; without it they are not bounded.
  struct Output {
    std::string& bytes;
    std::string_view date;
    TimePoint now = {};
    Flows* flows = nullptr;
    BodyBudget* bodies = nullptr;  // the same; without it bodies are not counted together
  };

  // `limits` outlive the conversation. Each request carries `client`.
  Conversation(const Limits& limits, const SocketAddress& client);
  // A PROXY header names the client, and what it connected to. Before the first request.
  void set_origin(const ProxiedConnection& origin);

  // Takes `bytes` from the front up to the end of the next request and returns that request, which
  // respond() answers; or takes them all and returns nothing. Not while a request waits, or is
  // answered in pieces. The views of the request live as long as `bytes`, until park() or
  // respond().
  const Request* next(std::string_view& bytes, const Output& output);
  // The answer comes later: frees the memory of the request.
  void park();
  // Answers the request that waits. A response with a producer is asked for its first piece; if
  // that is all, it is an ordinary response, and otherwise the phase is kFlow. With Limits::flows
  // open already it becomes a 503.
  void respond(Response&& response, const Output& output);
  // In kFlow: appends the next piece, which may be empty, or the end of the response.
  void flow(const Output& output);
  // In kFlow: whether the producer waits to be resumed.
  bool flow_waits() const;
  // In kFlow: when the whole response must have been taken; kNever while the producer waits.
  TimePoint flow_deadline() const;
  // In kFlow: ends the response here, though its producer has not.
  void end_flow(const Output& output);
  // The connection is lost: ends the producer, if there is one. Over.
  void cut_off();

  // The client did not send its request in time: answers 408, and is over. Not while a request
  // waits for its response.
  void time_out(const Output& output);
  // The next response is the last one.
  void end_soon() { ending_ = true; }

  Phase phase() const { return phase_; }
  // The status of the fault that ended the conversation, if one did.
  std::optional<unsigned> fault_status() const;

 private:
  // The table of allowed steps is in conversation.cc.
  void move_to(Phase next);
  // Whether the response became a flow; if not, it is to be sent whole.
  bool begin_flow(Response& response, const Output& output);
  void finish_response();
  void refuse(unsigned status, std::string text, const Output& output);
  void reject(Fault fault, const Output& output);
  // Counts what is kept of an incomplete body; refuses the request if that is too much.
  void keep_body(const Output& output);

  const Limits* limits_;
  RequestReader reader_;
  SocketAddress client_;
  std::optional<SocketAddress> destination_;
  Phase phase_ = Phase::kIdle;
  bool ending_ = false;
  // Of the request that waits:
  bool head_ = false;
  bool http_1_0_ = false;
  Persistence persistence_ = Persistence::kKeepAlive;
  std::uint16_t fault_status_ = 0;
  BodyShare body_;
  std::unique_ptr<Flow> flow_;  // in kFlow
  Duration flow_time_{};        // for the whole
  TimePoint flow_deadline_ = kNever;
};

}  // namespace throttle::http
