#include "libthrottle/http/response_text.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdio>

#include <boost/beast/http/status.hpp>

namespace throttle::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value)
    out.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  out.append("\r\n");
}

// RFC 9110: no Content-Length in a 1xx or 204.
bool has_length(unsigned status) {
  return status >= 200 && status != 204;
}

}  // namespace

void append_response(std::string& out, const Response& response, const ResponseForm& form) {
  namespace beast = boost::beast::http;
  const auto phrase = beast::obsolete_reason(beast::int_to_status(response.status));
  out.append("HTTP/1.1 ");
  append_number(out, response.status);
  out.append(" ").append(phrase.data(), phrase.size()).append("\r\nDate: ").append(form.date);
  if (!response.body.empty()) out.append("\r\nContent-Type: ").append(response.content_type);
  if (has_length(response.status)) {
    out.append("\r\nContent-Length: ");
    append_number(out, response.body.size());
  }
  if (form.persistence == Persistence::kClose) out.append("\r\nConnection: close");
  if (form.persistence == Persistence::kKeepAliveSpoken) out.append("\r\nConnection: keep-alive");
  out.append("\r\n");
  for (const auto& [name, value] : response.headers)
    append_header(out, name, value);
  out.append("\r\n");
  if (!form.head) out.append(response.body);
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
