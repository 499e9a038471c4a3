// Responses as they are written, byte by byte, and the Date.
#include "libthrottle/http/response_text.h"

#include <chrono>

#include <gtest/gtest.h>

namespace throttle::http {
namespace {

std::string text_of(const Response& response, ResponseForm form = {}) {
  form.date = "DATE";
  std::string out;
  append_response(out, response, form);
  return out;
}

TEST(ResponseText, HasDateTypeAndLengthButNoServer) {
  EXPECT_EQ(text_of({.content_type = kJsonType, .body = "17"}),
            "HTTP/1.1 200 OK\r\nDate: DATE\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n17");
}

TEST(ResponseText, HasNoTypeWithoutABody) {
  EXPECT_EQ(text_of({.status = 202}),
            "HTTP/1.1 202 Accepted\r\nDate: DATE\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseText, HasNoLengthIn204) {
  EXPECT_EQ(text_of({.status = 204}), "HTTP/1.1 204 No Content\r\nDate: DATE\r\n\r\n");
}

TEST(ResponseText, LeavesTheBodyOutForHeadButTellsItsLength) {
  EXPECT_EQ(text_of({.body = "Ok"}, {.head = true}),
            "HTTP/1.1 200 OK\r\nDate: DATE\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 2\r\n\r\n");
}

TEST(ResponseText, TellsHowTheConnectionGoesOn) {
  EXPECT_EQ(text_of({}, {.persistence = Persistence::kClose}),
            "HTTP/1.1 200 OK\r\nDate: DATE\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(text_of({}, {.persistence = Persistence::kKeepAliveSpoken}),
            "HTTP/1.1 200 OK\r\nDate: DATE\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(ResponseText, SaysHowLongTheConnectionMayBeIdle) {
  using std::chrono::milliseconds;
  EXPECT_EQ(text_of({}, {.idle_time = milliseconds(90'500)}),
            "HTTP/1.1 200 OK\r\nDate: DATE\r\nContent-Length: 0\r\nKeep-Alive: timeout=90\r\n\r\n");
  for (const ResponseForm& form :
       {ResponseForm{.idle_time = milliseconds(999)},
        ResponseForm{.persistence = Persistence::kClose, .idle_time = milliseconds(90'500)}})
    EXPECT_EQ(text_of({}, form).find("Keep-Alive"), std::string::npos);
}

TEST(ResponseText, CarriesFurtherHeadersInOrder) {
  Response response{.status = 405};
  response.headers.emplace_back("Allow", "GET,HEAD");
  response.headers.emplace_back("Throttle-Fencing-Token", "42");
  EXPECT_EQ(text_of(response),
            "HTTP/1.1 405 Method Not Allowed\r\nDate: DATE\r\nContent-Length: 0\r\n"
            "Allow: GET,HEAD\r\nThrottle-Fencing-Token: 42\r\n\r\n");
}

TEST(ResponseText, LetsNoHeaderValueEndItsLine) {
  Response response;
  response.headers.emplace_back("X", std::string("a\r\nSet-Cookie: b\0c\x7f", 19));
  EXPECT_NE(text_of(response).find("X: a  Set-Cookie: b c\x7f\r\n\r\n"), std::string::npos);
}

TEST(ResponseText, AppendsToWhatIsThere) {
  std::string out = "before";
  append_response(out, {}, {});
  append_response(out, {}, {});
  EXPECT_EQ(out.find("before"), 0U);
  EXPECT_NE(out.find("HTTP/1.1 200 OK"), out.rfind("HTTP/1.1 200 OK"));
}

TEST(DateLine, IsTheFixedDateOfRfc9110) {
  using namespace std::chrono;
  DateLine line;
  EXPECT_EQ(line.at(system_clock::time_point(seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(line.at(system_clock::time_point(seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(line.at(sys_days(year(2024) / 2 / 29) + hours(23) + minutes(59) + milliseconds(59999)),
            "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(DateLine, IsKeptForASecond) {
  using namespace std::chrono;
  DateLine line;
  const system_clock::time_point noon = sys_days(year(2025) / 6 / 1) + hours(12);
  const char* const first = line.at(noon).data();
  EXPECT_EQ(line.at(noon + milliseconds(999)), "Sun, 01 Jun 2025 12:00:00 GMT");
  EXPECT_EQ(line.at(noon + milliseconds(999)).data(), first);
  EXPECT_EQ(line.at(noon + seconds(1)), "Sun, 01 Jun 2025 12:00:01 GMT");
}

}  // namespace
}  // namespace throttle::http
