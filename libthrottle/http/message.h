// HTTP messages as a handler sees them: a request in views, a response in values.
//
// Threads: values only. Lifetime: the views of a Request live until its handler returns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/core/address.h"

namespace throttle::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOther };

// "GET", "HEAD" …; "OTHER" for kOther.
std::string_view to_string(Method method);

// Names an exchange (a request that wants its response) as long as the server lives; never reused.
using ExchangeId = std::uint64_t;

struct Request {
  Method method = Method::kGet;
  std::string_view path = {};          // as sent, percent-encoded, without the query
  std::string_view query = {};         // as sent, after the '?'; empty if none
  std::string_view body = {};          // whole, transfer coding removed
  std::string_view content_type = {};  // header values; empty if absent
  std::string_view accept = {};
  SocketAddress client = {};
};

inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";
inline constexpr std::string_view kHtmlType = "text/html; charset=utf-8";
inline constexpr std::string_view kJsonType = "application/json";

struct Response {
  unsigned status = 200;
  std::string_view content_type = kTextType;  // static text; sent only with a body
  std::string body = {};
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // further ones; static names
  std::string about = {};  // what a refusal is about, for the log; not sent
};

}  // namespace throttle::http
