// Bytes of a server in, responses out: what request_reader.h is for the other direction. The
// grammar is Boost.Beast's; limits, and all that two parsers could read in two ways, are here.
//
// A response comes out in events: its head, then its body piece by piece as it arrives, then its
// end. So a body that never ends (server-sent events) is read like a short one, and the reader
// keeps nothing of a body. Interim responses (100 Continue, 103 Early Hints) are skipped, a
// response that switches protocols is refused. However the bytes are cut, the heads, the bodies
// and the faults are the same.
//
// Stricter than Beast, as the reader of requests is: "Transfer-Encoding" is "chunked" or refused,
// never beside "Content-Length" and never in HTTP/1.0; folded headers are refused.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "libthrottle/http/message.h"

namespace throttle::http {

struct ResponseLimits {
  std::size_t head_bytes = 80 * 1024;  // status line and headers together
  std::size_t header_count = 100;
  std::uint64_t body_bytes = std::numeric_limits<std::uint64_t>::max();  // without the coding
};

class ResponseReader {
 public:
  enum class Event : std::uint8_t {
    kMore,   // all bytes are taken; the response is not complete
    kHead,   // head() is complete
    kBody,   // body_piece() is the next part of the body
    kEnd,    // the response is complete
    kFault,  // fault_text() says why the bytes are no response; reading is over for good
  };

  // `limits` outlive the reader. `method` is that of the request: a response to HEAD has no body.
  ResponseReader(const ResponseLimits& limits, Method method);
  ~ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;
  ResponseReader& operator=(ResponseReader&&) noexcept;

  // Takes bytes from the front of `bytes` until the first event. To be called until kMore, also
  // with no bytes left. Not after kEnd or kFault.
  Event read(std::string_view& bytes);
  // The server sends nothing more: kEnd if the body was to last until then, else kFault.
  Event end();

  // From kHead on.
  const ResponseHead& head() const;
  // Whether the server keeps the connection for another request.
  bool keep_alive() const;
  // After kBody: never empty; lives as long as the bytes it was read from.
  std::string_view body_piece() const;
  // After kFault: what is wrong, for people, as the end of a sentence: "bad version".
  const std::string& fault_text() const;
  // Whether not a single byte of the response has arrived.
  bool is_untouched() const;

 private:
  class Message;

  std::unique_ptr<Message> message_;
};

}  // namespace throttle::http
