// One connection's HTTP without the connection: bytes come in, requests come out one at a time,
// responses go in, bytes go out. So all of the protocol is tested without a socket.
//
// What ends a conversation: a response with "Connection: close", which is what the client asked
// for, or HTTP/1.0 has by default, or end_soon() wants; or a fault. A fault is answered here, with
// its status and a text that names what was wrong: behind it nothing can be understood. Errors of
// the application (404, say) end nothing.
// Invariant: no request comes out while another one waits for its response, so responses leave in
// order. Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
    kOver,    // the last response is written; what comes in is dropped
  };
  // Where responses go: appended to `bytes`, with this Date.
  struct Output {
    std::string& bytes;
    std::string_view date;
  };

  // `limits` outlive the conversation. `client` is noted in the requests.
  Conversation(const Limits& limits, const SocketAddress& client);

  // Takes `bytes` from the front up to the end of the next request and returns it, to be answered
  // with respond(); or takes them all and returns nothing. Not while a request waits. Its views
  // live as long as `bytes` and until park() or respond().
  const Request* next(std::string_view& bytes, const Output& output);
  // Its answer comes later: gives back the memory of the request.
  void park();
  // Answers the request that waits.
  void respond(const Response& response, const Output& output);

  // The client did not send its request in time: 408, and over.
  void time_out(const Output& output);
  // The next response is the last one.
  void end_soon() { ending_ = true; }

  Phase phase() const { return phase_; }
  // The status of the fault that ended it, if one did.
  std::optional<unsigned> fault_status() const;

 private:
  void refuse(unsigned status, std::string text, const Output& output);
  void reject(Fault fault, const Output& output);

  const Limits* limits_;
  RequestReader reader_;
  SocketAddress client_;
  Phase phase_ = Phase::kIdle;
  bool ending_ = false;
  // Of the request that waits:
  bool head_ = false;
  Persistence persistence_ = Persistence::kKeepAlive;
  std::uint16_t fault_status_ = 0;
};

}  // namespace throttle::http
