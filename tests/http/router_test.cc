// Which handler a path and a method find, and what is refused.
#include "libthrottle/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

// Answers with its name and the parameters it was given.
Handler named(std::string name) {
  return [name = std::move(name)](const Call& call) -> std::optional<Response> {
    return Response{.body = name + "(" + std::string(call.first) + "," + std::string(call.second) +
                            ")"};
  };
}

Router lease_routes() {
  Router router;
  router.add(Method::kPut, "/peers/{id}/{semaphore}", named("acquire"));
  router.add(Method::kDelete, "/peers/{id}/{semaphore}", named("release"));
  router.add(Method::kGet, "/peers/{id}/is_acquired", named("is_acquired"));
  router.add(Method::kDelete, "/peers/{id}", named("remove"));
  router.add(Method::kPut, "/peers/{id}", named("heartbeat"));
  router.add(Method::kGet, "/peers/", named("list"));
  router.add(Method::kGet, "/", named("greeting"));
  router.add(Method::kPost, "/new_peer", named("new_peer"));
  return router;
}

Router::Dispatch dispatch(const Router& router, Method method, std::string_view path) {
  return router.dispatch(Request{.method = method, .path = path}, 7, TimePoint{});
}

std::string body(const Router& router, Method method, std::string_view path) {
  const auto found = dispatch(router, method, path);
  return found.response->status == 200 ? found.response->body
                                       : std::to_string(found.response->status);
}

TEST(Router, FindsLiteralsAndParameters) {
  const Router router = lease_routes();
  EXPECT_EQ(body(router, Method::kGet, "/"), "greeting(,)");
  EXPECT_EQ(body(router, Method::kPost, "/new_peer"), "new_peer(,)");
  EXPECT_EQ(body(router, Method::kPut, "/peers/5"), "heartbeat(5,)");
  EXPECT_EQ(body(router, Method::kPut, "/peers/5/A"), "acquire(5,A)");
  EXPECT_EQ(body(router, Method::kDelete, "/peers/5/A"), "release(5,A)");
}

TEST(Router, HandsParametersOverAsTheyWereSent) {
  EXPECT_EQ(body(lease_routes(), Method::kPut, "/peers/%35/%2F&"), "acquire(%35,%2F&)");
}

TEST(Router, NamesTheRouteByItsPattern) {
  const Router router = lease_routes();
  EXPECT_EQ(dispatch(router, Method::kPut, "/peers/5/A").route, "/peers/{id}/{semaphore}");
  EXPECT_EQ(dispatch(router, Method::kPost, "/peers/5/A").route, "/peers/{id}/{semaphore}");
  EXPECT_EQ(dispatch(router, Method::kGet, "/nowhere").route, "");
}

TEST(Router, LetsALiteralWinOverAParameterWhereItKnowsTheMethod) {
  const Router router = lease_routes();
  EXPECT_EQ(body(router, Method::kGet, "/peers/5/is_acquired"), "is_acquired(5,)");
  EXPECT_EQ(body(router, Method::kPut, "/peers/5/is_acquired"), "acquire(5,is_acquired)");
}

TEST(Router, CollapsesDuplicateSlashesAtTheFrontOnly) {
  const Router router = lease_routes();
  EXPECT_EQ(body(router, Method::kPost, "//new_peer"), "new_peer(,)");
  EXPECT_EQ(body(router, Method::kGet, "///"), "greeting(,)");
  EXPECT_EQ(body(router, Method::kPut, "//peers//A"), "acquire(,A)");
}

TEST(Router, TakesATrailingSlashForADifferentPath) {
  const Router router = lease_routes();
  EXPECT_EQ(body(router, Method::kGet, "/peers/"), "list(,)");
  EXPECT_EQ(body(router, Method::kGet, "/peers"), "404");
  EXPECT_EQ(body(router, Method::kPost, "/new_peer/"), "404");
  EXPECT_EQ(body(router, Method::kPut, "/peers/5/"), "404");
  EXPECT_EQ(body(router, Method::kPut, "/peers/"), "405");
}

TEST(Router, AnswersUnknownPathsWith404WhateverTheMethod) {
  const Router router = lease_routes();
  for (const auto* path : {"/nowhere", "/peers/5/A/b", "/a/b/c/d/e/f/g/h/i/j", "*", "/new_peers"}) {
    EXPECT_EQ(body(router, Method::kGet, path), "404") << path;
    EXPECT_EQ(body(router, Method::kOther, path), "404") << path;
  }
}

TEST(Router, ServesThePageOfUnknownPaths) {
  Router router = lease_routes();
  router.set_not_found([](const Call& call) {
    return Response{.status = 404, .body = "no " + std::string(call.request.path)};
  });
  EXPECT_EQ(dispatch(router, Method::kGet, "/nowhere").response->body, "no /nowhere");
}

TEST(Router, RefusesAnotherMethodAndListsTheAllowedOnes) {
  const Router router = lease_routes();
  const auto allowed = [&router](std::string_view path) {
    const auto found = dispatch(router, Method::kOther, path);
    EXPECT_EQ(found.response->status, 405U);
    return found.response->headers;
  };
  EXPECT_THAT(allowed("/"), ElementsAre(Pair("Allow", "GET,HEAD")));
  EXPECT_THAT(allowed("/new_peer"), ElementsAre(Pair("Allow", "POST")));
  EXPECT_THAT(allowed("/peers/5"), ElementsAre(Pair("Allow", "PUT,DELETE")));
  EXPECT_THAT(allowed("/peers/5/is_acquired"), ElementsAre(Pair("Allow", "GET,HEAD,PUT,DELETE")));
}

TEST(Router, SaysWhatToSendInsteadOfAnotherMethod) {
  EXPECT_EQ(dispatch(lease_routes(), Method::kPost, "/peers/5").response->body,
            "POST does nothing here: send PUT,DELETE to /peers/{id}.\n");
}

TEST(Router, AnswersOptionsOfKnownPathsAndOfTheWholeServer) {
  const Router router = lease_routes();
  const auto options = [&router](std::string_view path) -> Response {
    return *std::move(dispatch(router, Method::kOptions, path).response);
  };
  EXPECT_EQ(options("/peers/5").status, 204U);
  EXPECT_EQ(options("/peers/5").body, "");
  EXPECT_THAT(options("/peers/5").headers, ElementsAre(Pair("Allow", "PUT,DELETE,OPTIONS")));
  EXPECT_EQ(options("*").status, 204U);
  EXPECT_THAT(options("*").headers, ElementsAre(Pair("Allow", "GET,HEAD,POST,PUT,DELETE,OPTIONS")));
  EXPECT_EQ(options("/nowhere").status, 404U);
}

TEST(Router, ListsWhatItServes) {
  std::vector<std::string> lines;
  for (const Router::Served& served : lease_routes().served())
    lines.push_back(served.methods + " " + std::string(served.pattern));
  EXPECT_THAT(lines, ElementsAre("GET,HEAD /", "POST /new_peer", "GET,HEAD /peers/",
                                 "PUT,DELETE /peers/{id}", "GET,HEAD /peers/{id}/is_acquired",
                                 "PUT,DELETE /peers/{id}/{semaphore}"));
}

TEST(Router, ServesHeadByTheHandlerOfGet) {
  const Router router = lease_routes();
  EXPECT_EQ(body(router, Method::kHead, "/peers/5/is_acquired"), "is_acquired(5,)");
  EXPECT_EQ(body(router, Method::kHead, "/new_peer"), "405");
}

TEST(Router, PassesExchangeAndTimeOnAndLetsTheAnswerComeLater) {
  Router router;
  ExchangeId exchange = 0;
  TimePoint now{};
  router.add(Method::kGet, "/wait", [&](const Call& call) -> std::optional<Response> {
    exchange = call.exchange;
    now = call.now;
    return std::nullopt;
  });
  const TimePoint noon{std::chrono::hours(12)};
  const auto found = router.dispatch(Request{.path = "/wait"}, 42, noon);
  EXPECT_FALSE(found.response.has_value());
  EXPECT_EQ(exchange, 42U);
  EXPECT_EQ(now, noon);
}

}  // namespace
}  // namespace throttle::http
