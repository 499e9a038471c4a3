// Requests that browsers make for pages of other sites, and those of all others.
#include "libthrottle/http/stranger.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::http {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kFurther = {"throttle.example"};
const OwnNames kLoopback{.on_loopback = true, .further = kFurther};
const OwnNames kPublic{.on_loopback = false, .further = kFurther};

TEST(Stranger, ALoopbackServerAnswersOnlyToItsOwnNames) {
  for (const std::string_view host :
       {"localhost", "LOCALHOST:8000", "127.0.0.1", "127.9.8.7:1", "[::1]:8000", "[::1]",
        "throttle.example:80", "Throttle.Example", ""})
    EXPECT_FALSE(refuse_stranger({.host = host}, kLoopback)) << host;
  for (const std::string_view host : {"evil.example", "localhost.evil.example", "10.0.0.1:8000",
                                      "[::2]:8000", "127.evil.example", "[::1", "::1"}) {
    const auto refused = refuse_stranger({.host = host}, kLoopback);
    ASSERT_TRUE(refused) << host;
    EXPECT_EQ(refused->status, 403U);
    EXPECT_THAT(refused->body, HasSubstr("[http] hosts"));
    EXPECT_FALSE(refuse_stranger({.host = host}, kPublic)) << host;
  }
}

TEST(Stranger, APageOfAnotherSiteMayOnlyRead) {
  for (const Method method : {Method::kPost, Method::kPut, Method::kDelete, Method::kOptions}) {
    for (const std::string_view origin :
         {"http://evil.example", "null", "http://localhost:9000", "https://a:80"}) {
      const Request request{.method = method, .host = "localhost:8000", .origin = origin};
      EXPECT_TRUE(refuse_stranger(request, kLoopback)) << origin;
      EXPECT_TRUE(refuse_stranger(request, kPublic)) << origin;
    }
    EXPECT_TRUE(refuse_stranger({.method = method, .fetch_site = "cross-site"}, kPublic));
    for (const std::string_view site : {"same-origin", "same-site", "none", ""})
      EXPECT_FALSE(refuse_stranger({.method = method, .fetch_site = site}, kPublic)) << site;
    for (const std::string_view origin :
         {"http://localhost:8000", "http://LOCALHOST:8000", "https://throttle.example:1"})
      EXPECT_FALSE(refuse_stranger({.method = method, .host = "localhost:8000", .origin = origin},
                                   kLoopback))
          << origin;
  }
  const Request reads{.host = "a", .origin = "http://evil.example", .fetch_site = "cross-site"};
  EXPECT_FALSE(refuse_stranger(reads, kPublic));
}

}  // namespace
}  // namespace throttle::http
