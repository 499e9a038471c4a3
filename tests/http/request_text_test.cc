// Requests as they are written, and read back by our own reader.
#include "libthrottle/http/request_text.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tests/http/transcript.h"

namespace throttle::http {
namespace {

std::string written(const OutgoingRequest& request) {
  std::string out;
  append_request(out, request);
  return out;
}

TEST(RequestText, GetHasNoLength) {
  EXPECT_EQ(written({.target = "/a?b=c", .host = "h:1"}),
            "GET /a?b=c HTTP/1.1\r\nHost: h:1\r\n\r\n");
}

TEST(RequestText, MethodsWithABodySayItsLengthAlsoWithoutOne) {
  EXPECT_EQ(written({.method = Method::kDelete, .host = "h"}),
            "DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(written({.method = Method::kPut,
                     .target = "/p",
                     .host = "h",
                     .content_type = kJsonType,
                     .body = "1"}),
            "PUT /p HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            "Content-Length: 1\r\n\r\n1");
}

TEST(RequestText, ValuesCannotEndTheirLine) {
  const std::array headers = {Header{"X", "a\r\nEvil: b"}};
  EXPECT_EQ(written({.host = "h\nh", .headers = headers}),
            "GET / HTTP/1.1\r\nHost: h h\r\nX: a  Evil: b\r\n\r\n");
}

TEST(RequestText, OurReaderUnderstandsIt) {
  const std::array headers = {Header{"Accept", "*/*"}};
  const std::string bytes = written({.method = Method::kPost,
                                     .target = "/acquire?x",
                                     .host = "h",
                                     .content_type = "a/b",
                                     .body = "hello",
                                     .headers = headers});
  const std::array<std::string_view, 1> pieces = {bytes};
  EXPECT_EQ(testing::transcript_of(pieces, {}).text(),
            "POST /acquire?x type=a/b accept=*/* body=hello\nidle");
}

TEST(RequestText, TargetsAreInOriginForm) {
  EXPECT_TRUE(is_target("/"));
  EXPECT_TRUE(is_target("/a%20b?c=d"));
  for (const std::string_view bad : {"", "a", "/a b", "/a\r\n", "/#x", "/\x7f"})
    EXPECT_FALSE(is_target(bad)) << bad;
}

}  // namespace
}  // namespace throttle::http
