// Responses as the bytes of HTTP/1.1.
//
// Always with Date and Content-Length, never with Server. The status phrases are Boost.Beast's; its
// serialiser is not used, because it needs 780 ns for what takes 70 here.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "libthrottle/http/message.h"

namespace throttle::http {

enum class Persistence {
  kClose,            // says that the connection ends with this response
  kKeepAlive,        // HTTP/1.1: nothing to say
  kKeepAliveSpoken,  // to a client of HTTP/1.0, which expects to be told
};

struct ResponseForm {
  Persistence persistence = Persistence::kKeepAlive;
  bool head = false;           // to HEAD: all but the body
  std::string_view date = {};  // of DateLine
};

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
