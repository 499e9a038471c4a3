// Writes responses: status line, Date, what the body is, the headers of the caller, the body. All
// appends go to the caller's string, which keeps its memory between responses.
#include "libthrottle/http/response_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>

#include <boost/beast/http/status.hpp>

#include "libthrottle/core/check.h"
#include "libthrottle/http/header_text.h"

namespace throttle::http {
namespace {

// What a client is promised at most, for there are some that read it as a short number.
constexpr std::chrono::seconds kLongestIdle = std::chrono::hours(24);

// RFC 9110: no Content-Length in a 1xx or 204.
bool has_length(unsigned status) {
  return status >= 200 && status != 204;
}

void append_start(std::string& out, const Response& response, const ResponseForm& form) {
  namespace beast = boost::beast::http;
  THROTTLE_CHECK(response.status >= 100 && response.status <= 999);
  const auto phrase = beast::obsolete_reason(beast::int_to_status(response.status));
  out.append("HTTP/1.1 ");
  append_number(out, response.status);
  out.append(" ").append(phrase.data(), phrase.size()).append("\r\nDate: ").append(form.date);
}

void append_rest(std::string& out, const Response& response, const ResponseForm& form) {
  using std::chrono::seconds;
  if (form.persistence == Persistence::kClose) out.append("\r\nConnection: close");
  if (form.persistence != Persistence::kClose && form.idle_time >= seconds(1)) {
    out.append("\r\nKeep-Alive: timeout=");
    const auto whole = std::chrono::floor<seconds>(form.idle_time).count();
    append_number(out, static_cast<std::uint64_t>(std::min(whole, kLongestIdle.count())));
  }
  if (form.persistence == Persistence::kKeepAliveSpoken) out.append("\r\nConnection: keep-alive");
  out.append("\r\n");
  for (const auto& [name, value] : response.headers)
    append_header(out, name, value);
  out.append("\r\n");
}

}  // namespace

void append_response(std::string& out, const Response& response, const ResponseForm& form) {
  append_start(out, response, form);
  if (!response.body.empty()) out.append("\r\nContent-Type: ").append(response.content_type);
  if (has_length(response.status)) {
    out.append("\r\nContent-Length: ");
    append_number(out, response.body.size());
  }
  append_rest(out, response, form);
  if (!form.head) out.append(response.body);
}

void append_flow_head(std::string& out, const Response& response, const ResponseForm& form,
                      Flow::Framing framing) {
  append_start(out, response, form);
  out.append("\r\nContent-Type: ").append(response.content_type);
  if (framing == Flow::Framing::kChunked) out.append("\r\nTransfer-Encoding: chunked");
  append_rest(out, response, form);
}

std::string_view DateLine::at(std::chrono::system_clock::time_point instant) {
  using namespace std::chrono;
  const auto second = floor<seconds>(instant);
  if (second == second_) return text_;
  second_ = second;

  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(second);
  const year_month_day date(day);
  const hh_mm_ss time(second - day);
  std::array<char, 64> text;
  const int size = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      kDays[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
      kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  text_.assign(text.data(), static_cast<std::size_t>(size));
  return text_;
}

}  // namespace throttle::http
