// The fixed pages: what they say to people with curl, and to a browser.
#include "libthrottle/pages/status.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::pages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    add_welcome(router, ledger, "1.2.3");
    add_status(router, "1.2.3");
  }

  http::Response get(std::string_view path, std::string_view accept = "*/*") {
    const http::Request request{.path = path, .accept = accept};
    return *std::move(router.dispatch(request, 1, {}).response);
  }

  LeaseLedger ledger;
  http::Router router;
};

TEST_F(StatusTest, TextsEndWithALineEnd) {
  EXPECT_EQ(health_page({}).body, "Ok\n");
  EXPECT_EQ(health_page({.stopping = true}).status, 503U);
  EXPECT_EQ(get("/version").body, "1.2.3\n");
}

TEST_F(StatusTest, TheGreetingListsAllRoutes) {
  const std::string text = get("/").body;
  for (const http::Router::Served& served : router.served())
    EXPECT_THAT(text, HasSubstr("  " + std::string(served.pattern) + "\n"));
}

TEST_F(StatusTest, OnlyABrowserIsAnsweredInHtml) {
  EXPECT_EQ(get("/nowhere").status, 404U);
  EXPECT_EQ(get("/nowhere").content_type, http::kTextType);
  EXPECT_EQ(get("/nowhere").body, "There is nothing at this path. GET / lists what there is.\n");
  EXPECT_EQ(get("/nowhere", "text/html,*/*").status, 404U);
  EXPECT_EQ(get("/nowhere", "text/html,*/*").content_type, http::kHtmlType);
}

TEST(ReadyPage, SaysWhyNothingIsGranted) {
  EXPECT_EQ(ready_page({}).status, 200U);
  EXPECT_EQ(ready_page({}).body, "Ready\n");
  EXPECT_THAT(ready_page({}).headers, IsEmpty());
  const auto grace = ready_page({.grace_left = std::chrono::microseconds(1500)});
  EXPECT_EQ(grace.status, 503U);
  EXPECT_EQ(grace.body, "Not ready: nothing is granted for another 2ms (startup_grace).\n");
  EXPECT_THAT(grace.headers, ElementsAre(Pair("Retry-After", "1")));
  EXPECT_THAT(ready_page({.paused = true}).body, HasSubstr("paused"));
  EXPECT_EQ(ready_page({.trouble = "the service is away"}).status, 503U);
  EXPECT_THAT(ready_page({.stopping = true, .paused = true}).body, HasSubstr("stopping"));
}

}  // namespace
}  // namespace throttle::pages
