// A conversation, fed with bytes and answered by hand.
#include "libthrottle/http/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

class ConversationTest : public testing::Test {
 protected:
  const Request* next(std::string_view& bytes) {
    return conversation_.next(bytes, {output_, "now"});
  }
  const Request* request_of(std::string_view bytes) { return next(bytes); }
  void respond(Response response) { conversation_.respond(std::move(response), {output_, "now"}); }
  // What was written since the last call.
  std::string written() { return std::exchange(output_, {}); }

  Limits limits_;
  SocketAddress client_{IpAddress::from_v4({10, 0, 0, 1}), 1234};
  Conversation conversation_{limits_, client_};
  std::string output_;
};

TEST_F(ConversationTest, NotesTheClientInItsRequests) {
  const Request* request = request_of(kGet);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->client, client_);
}

TEST_F(ConversationTest, ReadsNoFurtherThanTheRequestThatIsToBeAnswered) {
  const std::string two = std::string(kGet) + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string_view bytes = two;
  ASSERT_NE(next(bytes), nullptr);
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kAnswer);
  EXPECT_EQ(bytes, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  respond({});
  const Request* request = next(bytes);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->path, "/b");
}

TEST_F(ConversationTest, AllBodiesThatAreBeingReceivedShareOneBudget) {
  limits_.all_body_bytes = 100;
  BodyBudget budget;
  const Conversation::Output to{.bytes = output_, .date = "now", .bodies = &budget};
  const std::string body(60, 'x');
  const std::string head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 61\r\n\r\n";
  const std::string most = head + body;
  {
    Conversation other(limits_, client_);
    for (Conversation* const each : {&other, &conversation_}) {
      std::string_view bytes = most;
      EXPECT_EQ(each->next(bytes, to), nullptr);
    }
    EXPECT_EQ(other.phase(), Conversation::Phase::kBody);
    EXPECT_EQ(budget.taken, 60U);
  }
  EXPECT_EQ(budget.taken, 0U);
  EXPECT_EQ(budget.refused, 1U);
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kOver);
  EXPECT_THAT(output_, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(output_, HasSubstr("\r\nRetry-After: 1\r\n"));
  EXPECT_THAT(output_, HasSubstr("(max_all_body_bytes)"));

  Conversation third(limits_, client_);
  std::string_view bytes = most;
  EXPECT_EQ(third.next(bytes, to), nullptr);
  bytes = "x";
  EXPECT_NE(third.next(bytes, to), nullptr);
  third.respond({}, to);
  EXPECT_EQ(budget.taken, 0U);
}

TEST_F(ConversationTest, ReadsAWholeRequestWhereItLies) {
  constexpr std::string_view kBytes = "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
  const Request* request = request_of(kBytes);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->path.data(), kBytes.data() + 4);
  EXPECT_EQ(request->body.data(), kBytes.data() + kBytes.size() - 2);
}

TEST_F(ConversationTest, AnswersAParkedRequestAsItWanted) {
  ASSERT_NE(request_of("HEAD /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), nullptr);
  conversation_.park();
  respond({.body = "later"});
  EXPECT_EQ(written(),
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 5\r\nKeep-Alive: timeout=120\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kIdle);
}

TEST_F(ConversationTest, AsksForTheBodyOfAClientThatWaits) {
  EXPECT_EQ(
      request_of("PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"),
      nullptr);
  EXPECT_EQ(written(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kBody);
  const Request* request = request_of("hi");
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->body, "hi");
  EXPECT_EQ(written(), "");
}

TEST_F(ConversationTest, AsksForNoBodyThatIsThereOrNotAnnouncedOrTooLong) {
  ASSERT_NE(
      request_of("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na"),
      nullptr);
  EXPECT_EQ(written(), "");
  respond({});
  written();
  ASSERT_NE(request_of("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"), nullptr);
  EXPECT_EQ(written(), "");
  respond({});
  written();
  EXPECT_EQ(
      request_of(
          "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"),
      nullptr);
  EXPECT_THAT(written(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(ConversationTest, DoesNotAskAClientOfHttp10ForItsBody) {
  EXPECT_EQ(request_of("PUT /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            nullptr);
  EXPECT_EQ(written(), "");
}

TEST_F(ConversationTest, GoesOnAfterAnErrorOfTheApplication) {
  ASSERT_NE(request_of(kGet), nullptr);
  respond({.status = 404, .body = "Not found"});
  EXPECT_THAT(written(), Not(HasSubstr("Connection")));
  EXPECT_NE(request_of(kGet), nullptr);
}

TEST_F(ConversationTest, AnswersAFaultAndDropsWhatFollows) {
  const std::string bad = "bad\r\n" + std::string(kGet);
  std::string_view bytes = bad;
  EXPECT_EQ(next(bytes), nullptr);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kOver);
  EXPECT_EQ(conversation_.fault_status(), 400U);
  EXPECT_THAT(written(), HasSubstr("\r\nConnection: close\r\n"));
  bytes = kGet;
  EXPECT_EQ(next(bytes), nullptr);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(written(), "");
}

TEST_F(ConversationTest, EndsSoonWithTheNextResponse) {
  ASSERT_NE(request_of(kGet), nullptr);
  conversation_.end_soon();
  respond({});
  EXPECT_THAT(written(), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kOver);
  EXPECT_EQ(conversation_.fault_status(), std::nullopt);
}

TEST_F(ConversationTest, TellsWhatIsIncomplete) {
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kIdle);
  EXPECT_EQ(request_of("PUT /a HTTP/1.1\r\n"), nullptr);
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kHead);
  EXPECT_EQ(request_of("Host: a\r\nContent-Length: 2\r\n\r\n"), nullptr);
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kBody);
}

TEST_F(ConversationTest, TimesOutWith408) {
  EXPECT_EQ(request_of("PUT /a HTTP/1.1\r\n"), nullptr);
  conversation_.time_out({output_, "now"});
  EXPECT_THAT(written(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(conversation_.phase(), Conversation::Phase::kOver);
  EXPECT_EQ(conversation_.fault_status(), 408U);
}

TEST_F(ConversationTest, TakesTheLongestTargetThatClientsMaySend) {
  const std::string target = "/" + std::string(65'533, 'a');
  const std::string bytes = "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
  const Request* request = request_of(std::string_view(bytes).substr(0, 40'000));
  EXPECT_EQ(request, nullptr);
  request = request_of(std::string_view(bytes).substr(40'000));
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->path, target);
}

TEST_F(ConversationTest, RefusesLongerTargetsAndHeadsByDefault) {
  const std::string longer_target = "GET /" + std::string(65'534, 'a') + " HTTP/1.1\r\n";
  EXPECT_EQ(request_of(longer_target), nullptr);
  EXPECT_EQ(conversation_.fault_status(), 414U);

  Conversation another(limits_, client_);
  const std::string long_header = "GET / HTTP/1.1\r\nHost: a\r\na: " + std::string(81'920, 'a');
  std::string_view bytes = long_header;
  EXPECT_EQ(another.next(bytes, {output_, "now"}), nullptr);
  EXPECT_EQ(another.fault_status(), 431U);
}

TEST_F(ConversationTest, TakesTheLongestBodyByDefault) {
  const std::string body(2'097'152, 'b');
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n";
  EXPECT_EQ(request_of(std::string_view(head)), nullptr);
  for (std::size_t i = 0; i + 65'536 < body.size(); i += 65'536)
    EXPECT_EQ(request_of(std::string_view(body).substr(i, 65'536)), nullptr);
  const Request* request = request_of(std::string_view(body).substr(body.size() - 65'536));
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->body, body);
}

TEST_F(ConversationTest, RefusesEndlessChunkTrailers) {
  EXPECT_EQ(request_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
            nullptr);
  const std::string trailer = "a: " + std::string(1000, 'b') + "\r\n";
  for (int i = 0; i < 17; ++i)
    EXPECT_EQ(request_of(std::string_view(trailer)), nullptr);
  EXPECT_EQ(conversation_.fault_status(), 431U);
}

}  // namespace
}  // namespace throttle::http
