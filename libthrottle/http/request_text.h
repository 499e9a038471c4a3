// Requests as the bytes of HTTP/1.1, for the client.
//
// Always with Host. Content-Length is there with a body, and with the methods that usually have
// one, because some servers insist on it. Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libthrottle/http/message.h"

namespace throttle::http {

// A request to be written. The views live until append_request() returns.
struct OutgoingRequest {
  Method method = Method::kGet;        // not kOther
  std::string_view target = "/";       // is_target(): path and query, percent-encoded
  std::string_view host = {};          // "name" or "name:port"
  std::string_view content_type = {};  // sent only with a body
  std::string_view body = {};
  std::span<const Header> headers = {};  // further ones
};

// Whether `text` can be a request target in origin form: it begins with a slash and has neither
// blanks nor control characters nor a '#'.
bool is_target(std::string_view text);

// Appends the request to `out`. Control characters in header values become blanks, so that no value
// can end its line.
void append_request(std::string& out, const OutgoingRequest& request);

}  // namespace throttle::http
