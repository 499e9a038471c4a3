// HTTP messages as a handler sees them: a request made of views, a response made of values.
//
// Threads: values only. Lifetime: the views of a Request live until its handler returns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/http/producer.h"

namespace throttle::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kOther };

// "GET", "HEAD" …; "OTHER" for kOther.
std::string_view to_string(Method method);

// Names an exchange (a request and its response) for the life of the server; never reused.
using ExchangeId = std::uint64_t;

struct Request {
  Method method = Method::kGet;
  std::string_view path = {};          // as sent, percent-encoded, without the query
  std::string_view query = {};         // as sent, after the '?'; empty if none
  std::string_view body = {};          // whole, transfer coding removed
  std::string_view content_type = {};  // header values; empty if absent
  std::string_view accept = {};
  std::string_view host = {};        // empty only in HTTP/1.0, or if it was sent so
  std::string_view origin = {};      // of a browser: the site of the page that asks
  std::string_view fetch_site = {};  // Sec-Fetch-Site, of a browser
  // Of load balancers (http/forwarded.h). Those of several headers are one list.
  std::string_view forwarded = {};
  std::string_view forwarded_for = {};
  std::string_view last_event_id = {};  // of a client that resumes a stream of events
  SocketAddress client = {};
  // What the client connected to at a load balancer, by the PROXY header of the connection.
  std::optional<SocketAddress> destination = {};
  bool is_forwarded = false;  // the header of a trusted load balancer names the client, or fails to
};

inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";
inline constexpr std::string_view kHtmlType = "text/html; charset=utf-8";
inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kEventStreamType = "text/event-stream";

// What bounds an answer in pieces.
enum class FlowBound : std::uint8_t {
  kPages,       // Limits::flows, and flow_time for the whole
  kMonitoring,  // likewise, but it may use those that are kept for monitoring
  kOwn,         // its handler: such an answer goes on for as long as both sides want
};

// Move-only, for its producer has one owner.
struct Response {
  unsigned status = 200;
  std::string_view content_type = kTextType;  // static text; sent only with a body
  std::string body = {};
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // further ones; static names
  std::string about = {};                    // what a refusal is about, for the log; not sent
  std::unique_ptr<Producer> producer = {};   // writes the body instead; `body` is empty then
  FlowBound flow_bound = FlowBound::kPages;  // of an answer with a producer
};

// A header of a message on its way to or from a server.
struct Header {
  std::string name;
  std::string value;
};

// The head of a response as a client receives it.
struct ResponseHead {
  unsigned status = 0;
  std::vector<Header> headers = {};

  // The value of the first header of this name (in any case); empty if there is none.
  std::string_view value_of(std::string_view name) const;
};

}  // namespace throttle::http
