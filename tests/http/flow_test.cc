// Answers in pieces, as a conversation writes them.
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/http/conversation.h"
#include "tests/http/list_producer.h"
#include "tests/http/response_transcript.h"

namespace throttle::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::in_pieces;
using ::testing::Not;
using ::testing::StartsWith;
using Phase = Conversation::Phase;
using Progress = Producer::Progress;

class FlowTest : public ::testing::Test {
 protected:
  void ask(std::string_view bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
    ASSERT_NE(conversation_.next(bytes, to()), nullptr);
  }
  void respond(Response response) { conversation_.respond(std::move(response), to()); }
  void flow() { conversation_.flow(to()); }
  // Has another conversation send an answer in pieces, which is not over.
  void flow_in(Conversation& other) {
    std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    ASSERT_NE(other.next(get, to()), nullptr);
    other.respond(in_pieces({{"a"}, {"b"}}), to());
    written();
  }
  std::string written() { return std::exchange(output_, {}); }
  Conversation::Output to() { return {output_, "now", now_, &flows_}; }

  Limits limits_{.flows = 1, .idle_time = {}};  // so that no answer has Keep-Alive
  Flows flows_;
  Conversation conversation_{limits_, {}};
  std::string output_;
  TimePoint now_{};
};

TEST_F(FlowTest, WhatFitsIntoOnePieceIsAnOrdinaryResponse) {
  ask();
  respond(in_pieces({{"hello", Progress::kEnd}}));
  EXPECT_EQ(conversation_.phase(), Phase::kIdle);
  EXPECT_THAT(written(), HasSubstr("Content-Length: 5\r\n\r\nhello"));
  EXPECT_EQ(flows_.open, 0U);
}

TEST_F(FlowTest, WritesAChunkForEachPiece) {
  bool gone = false;
  ask();
  respond(in_pieces({{"hello"}, {" world", Progress::kEnd}}, &gone));
  EXPECT_EQ(conversation_.phase(), Phase::kFlow);
  EXPECT_EQ(flows_.open, 1U);
  const std::string head = written();
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: "));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(head, EndsWith("Transfer-Encoding: chunked\r\n\r\n00000005\r\nhello\r\n"));
  flow();
  EXPECT_EQ(written(), "00000006\r\n world\r\n0\r\n\r\n");
  EXPECT_EQ(conversation_.phase(), Phase::kIdle);
  EXPECT_TRUE(gone);
  EXPECT_EQ(flows_.open, 0U);
}

TEST_F(FlowTest, OurOwnReaderUnderstandsIt) {
  ask();
  const std::string big(70'000, 'x');
  respond(in_pieces({{"a"}, {""}, {big}, {"b", Progress::kWait}, {"c"}}));
  while (conversation_.phase() == Phase::kFlow)
    flow();
  testing::ResponseTranscript transcript({}, Method::kGet);
  EXPECT_FALSE(transcript.feed(output_));
  EXPECT_EQ(transcript.body(), "a" + big + "bc");
  EXPECT_THAT(transcript.text(), EndsWith("end keep-alive"));
}

TEST_F(FlowTest, AnEmptyPieceDoesNotEndTheBody) {
  ask();
  respond(in_pieces({{""}, {""}, {"x"}}));
  EXPECT_THAT(written(), EndsWith("chunked\r\n\r\n"));
  flow();
  EXPECT_EQ(written(), "");
  flow();
  EXPECT_EQ(written(), "00000001\r\nx\r\n");
  flow();
  EXPECT_EQ(written(), "0\r\n\r\n");
}

TEST_F(FlowTest, AClientOfHttp10ReadsUntilTheClose) {
  ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  respond(in_pieces({{"hello"}, {" world", Progress::kEnd}}));
  EXPECT_THAT(written(), EndsWith("Connection: close\r\n\r\nhello"));
  flow();
  EXPECT_EQ(written(), " world");
  EXPECT_EQ(conversation_.phase(), Phase::kOver);
}

TEST_F(FlowTest, HeadGetsTheHeadOfTheSameAnswer) {
  bool gone = false;
  ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  respond(in_pieces({{"hello"}, {" world"}}, &gone));
  EXPECT_THAT(written(), EndsWith("Transfer-Encoding: chunked\r\n\r\n"));
  EXPECT_EQ(conversation_.phase(), Phase::kIdle);
  ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  respond(in_pieces({{"hello", Progress::kEnd}}));
  EXPECT_THAT(written(), EndsWith("Content-Length: 5\r\n\r\n"));
  EXPECT_EQ(flows_.open, 0U);
  EXPECT_TRUE(gone);
}

TEST_F(FlowTest, OneMoreThanTheLimitIsAnswered503) {
  Conversation other(limits_, {});
  flow_in(other);
  ask();
  respond(in_pieces({{"a"}, {"b"}}));
  EXPECT_EQ(conversation_.phase(), Phase::kIdle);
  EXPECT_THAT(output_, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(output_, HasSubstr("(max_streamed_answers = 1). Try again"));
  EXPECT_THAT(written(), HasSubstr("\r\nRetry-After: 1\r\n"));
  EXPECT_EQ(flows_.refused, 1U);
  EXPECT_EQ(flows_.open, 1U);
}

TEST_F(FlowTest, MonitoringHasAnswersOfItsOwn) {
  limits_.monitoring_flows = 1;
  Conversation other(limits_, {});
  flow_in(other);
  ask();
  Response metrics = in_pieces({{"a"}, {"b"}});
  metrics.flow_bound = FlowBound::kMonitoring;
  respond(std::move(metrics));
  EXPECT_THAT(output_, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(flows_.open, 2U);
}

TEST_F(FlowTest, EndsWithTheConnection) {
  bool gone = false;
  ask();
  respond(in_pieces({{"a"}, {"b"}}, &gone));
  conversation_.cut_off();
  EXPECT_TRUE(gone);
  EXPECT_EQ(flows_.open, 0U);
  EXPECT_EQ(conversation_.phase(), Phase::kOver);
}

TEST_F(FlowTest, CanBeEndedBeforeItsProducer) {
  ask();
  respond(in_pieces({{"a", Progress::kWait}}));
  EXPECT_TRUE(conversation_.flow_waits());
  written();
  conversation_.end_soon();
  conversation_.end_flow(to());
  EXPECT_EQ(written(), "0\r\n\r\n");
  EXPECT_EQ(conversation_.phase(), Phase::kOver);
}

TEST_F(FlowTest, ItsTimeBeginsAgainWithWhatComesAfterAWait) {
  ask();
  respond(in_pieces({{"a"}, {"b"}, {"c", Progress::kWait}, {"d"}}));
  EXPECT_EQ(conversation_.flow_deadline(), now_ + limits_.flow_time);
  const TimePoint start = now_;
  now_ += std::chrono::seconds(5);
  flow();
  EXPECT_EQ(conversation_.flow_deadline(), start + limits_.flow_time);
  flow();
  EXPECT_EQ(conversation_.flow_deadline(), kNever);
  now_ += std::chrono::hours(24);
  flow();
  EXPECT_EQ(conversation_.flow_deadline(), now_ + limits_.flow_time);
}

TEST_F(FlowTest, OneThatItsHandlerBoundsHasNoOtherBounds) {
  Conversation other(limits_, {});
  flow_in(other);
  ask();
  Response stream = in_pieces({{"a"}, {"b"}});
  stream.flow_bound = FlowBound::kOwn;
  respond(std::move(stream));
  EXPECT_THAT(written(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(flows_.open, 1U);
  flow();
  EXPECT_EQ(conversation_.flow_deadline(), kNever);
}

}  // namespace
}  // namespace throttle::http
