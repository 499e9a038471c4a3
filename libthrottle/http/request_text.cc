// Writes requests: one line, the headers, the body. Nothing here can be split by what a caller
// passes in: the target is checked, values lose their control characters.
#include "libthrottle/http/request_text.h"

#include <algorithm>

#include "libthrottle/core/check.h"
#include "libthrottle/http/header_text.h"

namespace throttle::http {

bool is_target(std::string_view text) {
  const auto fits = [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 127 && c != '#';
  };
  return text.starts_with('/') && std::ranges::all_of(text, fits);
}

void append_request(std::string& out, const OutgoingRequest& request) {
  THROTTLE_CHECK(request.method != Method::kOther);
  THROTTLE_CHECK(is_target(request.target));
  out.append(to_string(request.method)).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  append_header(out, "Host", request.host);
  for (const Header& header : request.headers)
    append_header(out, header.name, header.value);
  const bool usually_has_body = request.method != Method::kGet && request.method != Method::kHead;
  if (!request.body.empty() && !request.content_type.empty())
    append_header(out, "Content-Type", request.content_type);
  if (usually_has_body || !request.body.empty()) {
    out.append("Content-Length: ");
    append_number(out, request.body.size());
    out.append("\r\n");
  }
  out.append("\r\n").append(request.body);
}

}  // namespace throttle::http
