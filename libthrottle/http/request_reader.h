// Bytes of a connection in, requests out. The grammar is Boost.Beast's. What Beast leaves to its
// user is here: the memory of the bytes, limits, and all that two parsers could read in two ways.
//
// Idea: a request that arrives in one piece, as nearly all do, is parsed in place and never copied.
// Only a request that is incomplete when its bytes run out is kept; between requests nothing is.
// However the bytes are cut, the requests and the faults are the same: a line is judged when it is
// complete, the headers when all have arrived.
//
// Stricter than Beast: "Transfer-Encoding" must be "chunked", never together with "Content-Length"
// and never in HTTP/1.0; folded headers are refused; HTTP/1.1 has exactly one Host. More lenient:
// empty lines before a request are skipped (RFC 9112, 2.2). Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "libthrottle/http/limits.h"
#include "libthrottle/http/message.h"

namespace throttle::http {

// Why the bytes are no request. Nothing after them can be understood.
enum class Fault : std::uint8_t { kMalformed, kBodyTooLarge, kTargetTooLong, kHeadTooLarge };

class RequestReader {
 public:
  enum class Event {
    kMore,          // all bytes are taken and the request is not complete
    kWantsGoAhead,  // the same, and the client waits for "100 Continue" before it sends the body
    kRequest,       // request() is complete
    kFault,         // fault() says why; reading is over for good
  };
  enum class Part { kNothing, kHead, kBody };  // what of an incomplete request has begun to arrive

  // `limits` outlive the reader.
  explicit RequestReader(const Limits& limits);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  // Takes bytes from the front of `bytes` until the first event.
  Event read(std::string_view& bytes);

  // After kRequest: the request, whose views live as long as the bytes it was read from and until
  // finish(). All but its client is filled in.
  Request& request();
  // After kRequest: whether the client wants to go on using the connection.
  bool keep_alive() const;
  bool is_http_1_0() const;
  // Forgets the request; the next read() begins another.
  void finish();

  Part part() const;
  // What it keeps of an incomplete body.
  std::size_t kept_body_bytes() const;
  Fault fault() const;
  // What is wrong, for people: "bad method".
  std::string fault_text() const;

 private:
  class Message;

  const Limits* limits_;
  std::unique_ptr<Message> message_;  // from the first byte of a request until finish()
};

}  // namespace throttle::http
