// Responses as the bytes of HTTP/1.1.
//
// Every response has a Date, and a Content-Length unless its body comes in pieces. None has Server.
// The status phrases are Boost.Beast's. Its serialiser is not used: it takes 780 ns, this one 70.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "libthrottle/core/time.h"
#include "libthrottle/http/flow.h"
#include "libthrottle/http/message.h"

namespace throttle::http {

enum class Persistence {
  kClose,            // says that the connection ends with this response
  kKeepAlive,        // HTTP/1.1: needs no header
  kKeepAliveSpoken,  // to a client of HTTP/1.0, which expects the header
};

struct ResponseForm {
  Persistence persistence = Persistence::kKeepAlive;
  bool head = false;           // answers HEAD: everything except the body
  std::string_view date = {};  // of DateLine
  // How long the connection may be idle afterwards, if it stays open: the header Keep-Alive, unless
  // this is below a second.
  Duration idle_time = {};
};

// Appends the head of a response whose body follows in pieces: of unknown length, and in chunks
// unless the end of the connection ends it.
void append_flow_head(std::string& out, const Response& response, const ResponseForm& form,
                      Flow::Framing framing);

// Appends the response to `out`. Control characters in the values of its headers become blanks, so
// that no value can end its line.
void append_response(std::string& out, const Response& response, const ResponseForm& form);

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// The Date of responses, made once a second.
class DateLine {
 public:
  // "Sun, 06 Nov 1994 08:49:37 GMT". The view lives until the next call.
  std::string_view at(std::chrono::system_clock::time_point instant);

 private:
  std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
  std::string text_;
};

}  // namespace throttle::http
