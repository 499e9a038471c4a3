// What a client of GET /events reads, piece by piece, while the ledger goes on.
#include "libthrottle/pages/event_streams.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace throttle::pages {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Progress = http::Producer::Progress;

constexpr std::int64_t kWall = 1'796'058'669'123'456;  // 2026-11-30 17:11:09.123456 UTC

class EventStreamsTest : public ::testing::Test {
 protected:
  EventStreamsTest() { begin_run(7, {}); }

  // Another life of the process.
  void begin_run(std::uint64_t run, EventSettings settings, Duration grace = {}) {
    stream_.producer.reset();
    streams_.reset();
    backlog_ =
        std::make_unique<EventBacklog>(ledger_, EventBacklog::Options{.run = run,
                                                                      .capacity = settings.backlog,
                                                                      .started = now_,
                                                                      .grants_from = now_ + grace});
    streams_ = std::make_unique<EventStreams>(*backlog_, ledger_, settings, "throttle-server 1.2");
    backlog_->set_clock(now_, kWall);
    configure(3);
  }
  void configure(Count full_count) {
    const std::vector<SemaphoreSettings> semaphores{{.name = "A", .full_count = full_count},
                                                    {.name = "B", .full_count = 1}};
    ledger_.configure(now_, semaphores);
    settle();
  }
  void settle() {
    std::vector<LedgerEvent> batch;
    ledger_.take_events(batch);
    backlog_->observe(batch);
  }
  PeerId acquire(std::string_view semaphore = "A", Count count = 1, std::string label = {}) {
    const auto outcome = ledger_.enroll(
        now_,
        {.spec = {.address = {*IpAddress::parse("192.0.2.7"), 4000}, .label = std::move(label)},
         .semaphore = semaphore,
         .count = count});
    settle();
    return outcome.peer;
  }
  void release(PeerId peer, std::string_view semaphore = "A") {
    ledger_.release(now_, peer, semaphore);
    settle();
  }

  http::Response ask(std::string_view query, std::string_view last_event_id = {}) {
    const http::Request request{.path = "/events", .query = query, .last_event_id = last_event_id};
    return streams_->open({request, {}, {}, ++exchange_, now_}, kWall);
  }
  // Begins a stream and returns what it writes at first.
  std::string open(std::string_view query = {}, std::string_view last_event_id = {}) {
    stream_ = ask(query, last_event_id);
    EXPECT_EQ(stream_.status, 200U) << stream_.body;
    return stream_.producer == nullptr ? std::string() : next();
  }
  std::string next() {
    std::string out;
    progress_ = stream_.producer->produce(out, now_);
    return out;
  }
  // Its events of the ledger, as words.
  static std::vector<std::string> kinds_of(std::string_view text) {
    std::vector<std::string> kinds;
    constexpr std::string_view kName = "event: ";
    for (auto at = text.find(kName); at != text.npos; at = text.find(kName, at + 1))
      kinds.emplace_back(text.substr(at + kName.size(), text.find('\n', at) - at - kName.size()));
    return kinds;
  }
  // The objects behind "data: ".
  static std::vector<nlohmann::json> data_of(std::string_view text) {
    std::vector<nlohmann::json> objects;
    constexpr std::string_view kData = "data: ";
    for (auto at = text.find(kData); at != text.npos; at = text.find(kData, at + 1))
      objects.push_back(nlohmann::json::parse(
          text.substr(at + kData.size(), text.find('\n', at) - at - kData.size())));
    return objects;
  }
  std::vector<http::ExchangeId> woken() const {
    std::vector<http::ExchangeId> all;
    streams_->wake(now_, [&all](http::ExchangeId exchange) { all.push_back(exchange); });
    return all;
  }

  TimePoint now_{};
  LeaseLedger ledger_{LeaseLedger::Options{.seed = 1, .start = now_}};
  std::unique_ptr<EventBacklog> backlog_;
  std::unique_ptr<EventStreams> streams_;
  http::ExchangeId exchange_ = 0;
  http::Response stream_;  // the latest one
  Progress progress_ = Progress::kMore;
};

TEST_F(EventStreamsTest, BeginsNowWithAHelloAndAPositionToResumeFrom) {
  acquire();
  EXPECT_EQ(open(),
            "retry: 2000\nevent: hello\ndata: {\"run\": 7, \"server\": \"throttle-server 1.2\", "
            "\"now\": \"2026-11-30T17:11:09.123456Z\", \"oldest\": \"7.1\", \"newest\": \"7.3\", "
            "\"keep_alive_ms\": 15000}\n\nid: 7.3\n\n");
  EXPECT_EQ(progress_, Progress::kWait);
  EXPECT_EQ(stream_.content_type, "text/event-stream");
  EXPECT_EQ(stream_.flow_bound, http::FlowBound::kOwn);
  EXPECT_THAT(stream_.headers, testing::Contains(testing::Pair("Cache-Control", "no-store")));
}

TEST_F(EventStreamsTest, SaysWhoGotWhatAndHowTheSemaphoreIsThen) {
  open();
  const PeerId peer = acquire("A", 2, "nightly \"import\"");
  const std::string granted = next();
  EXPECT_THAT(granted, StartsWith("id: 7.3\nevent: granted\ndata: {\"n\": 3, \"at\": "
                                  "\"2026-11-30T17:11:09.123456Z\", \"semaphore\": \"A\", "));
  const auto data = data_of(granted).at(0);
  EXPECT_EQ(data["peer"], peer);
  EXPECT_EQ(data["client"], "192.0.2.7:4000");
  EXPECT_EQ(data["label"], "nightly \"import\"");
  EXPECT_EQ(data["count"], 2);
  EXPECT_EQ(data["waited_ms"], 0);
  EXPECT_GT(data["token"], 0);
  EXPECT_EQ(data["held"], 2);
  EXPECT_EQ(data["max"], 3);
  EXPECT_EQ(data["waiting"], 0);

  acquire("A", 2);
  now_ += 1500ms;
  release(peer);
  const auto after = data_of(next());
  ASSERT_EQ(after.size(), 3U);
  EXPECT_EQ(after[0]["waiting"], 1);
  EXPECT_EQ(after[1]["cause"], "released");
  EXPECT_EQ(after[1]["held_ms"], 1500);
  EXPECT_EQ(after[1]["at"], "2026-11-30T17:11:10.623456Z");
  EXPECT_EQ(after[2]["waited_ms"], 1500);
  EXPECT_EQ(next(), "");
}

TEST_F(EventStreamsTest, ResumesBehindTheIdThatTheClientNames) {
  for (int i = 0; i < 3; ++i)
    acquire();
  EXPECT_THAT(kinds_of(open("since=7.3")), ElementsAre("hello", "granted", "granted"));
  EXPECT_THAT(kinds_of(open("", "7.4")), ElementsAre("hello", "granted"));
  EXPECT_THAT(kinds_of(open("since=7.1", "7.4")), ElementsAre("hello", "granted"))
      << "the header wins";
  EXPECT_THAT(kinds_of(open("since=7.0")),
              ElementsAre("hello", "configured", "configured", "granted", "granted", "granted"));
}

TEST_F(EventStreamsTest, AnotherRunIsAGapOfUnknownLength) {
  const std::string text = open("", "6.5");
  EXPECT_THAT(kinds_of(text), ElementsAre("hello", "gap", "configured", "configured"));
  EXPECT_EQ(data_of(text)[1]["missed"], nullptr);
  EXPECT_THAT(text, HasSubstr("\n\nid: 7.0\n\n")) << "so that it is no gap the next time";
}

TEST_F(EventStreamsTest, AnIdOlderThanTheBacklogIsAGap) {
  begin_run(8, {.backlog = 4});
  for (int i = 0; i < 7; ++i)
    acquire("B");
  const auto text = open("since=8.1");
  EXPECT_THAT(kinds_of(text), ElementsAre("hello", "gap", "queued", "queued", "queued", "queued"));
  EXPECT_EQ(data_of(text)[1]["missed"], 2);
  EXPECT_THAT(kinds_of(open("since=8.3")), Not(testing::Contains("gap")));
}

TEST_F(EventStreamsTest, AStreamThatIsOvertakenMissesTheOldestAndGoesOn) {
  begin_run(8, {.backlog = 4});
  open();
  for (int i = 0; i < 6; ++i)
    acquire("B");
  const std::string text = next();
  EXPECT_THAT(kinds_of(text), ElementsAre("gap", "queued", "queued", "queued", "queued"));
  EXPECT_EQ(data_of(text)[0]["missed"], 2);
  EXPECT_THAT(text, EndsWith("}\n\n"));
  EXPECT_EQ(next(), "");
}

TEST_F(EventStreamsTest, WritesNoMoreAheadThanItMay) {
  begin_run(8, {.buffer_bytes = 1024});
  open();
  for (int i = 0; i < 30; ++i)
    acquire("B");
  std::size_t events = 0;
  do {
    const std::string piece = next();
    EXPECT_LT(piece.size(), 1024U + 400U);
    events += kinds_of(piece).size();
  } while (progress_ == Progress::kMore);
  EXPECT_EQ(events, 30U);
}

TEST_F(EventStreamsTest, GivesOnlyTheSemaphoresAndKindsThatWereAskedFor) {
  open("semaphore=B&kind=granted&kind=paused");
  acquire("A");
  acquire("B");
  acquire("B");
  ledger_.pause("A");
  ledger_.pause_all();
  settle();
  EXPECT_THAT(kinds_of(next()), ElementsAre("granted", "paused"));
  ledger_.resume(now_, "A");
  ledger_.resume_all(now_);
  settle();
  open("semaphore=A&semaphore=B&kind=granted");
  acquire("A");
  EXPECT_THAT(kinds_of(next()), ElementsAre("granted"));
}

TEST_F(EventStreamsTest, MovesTheIdOnWhereEventsAreFilteredOut) {
  open("kind=kicked");
  acquire();
  EXPECT_EQ(next(), "");
  now_ += 15s;
  EXPECT_EQ(next(), ":\nid: 7.3\n\n");
  EXPECT_EQ(next(), "");
  now_ += 15s;
  EXPECT_EQ(next(), ":\n\n");
}

TEST_F(EventStreamsTest, RefusesWhatItCannotRead) {
  const auto refusal_of = [this](std::string_view query, std::string_view id = {}) {
    const http::Response refused = ask(query, id);
    EXPECT_EQ(refused.status, 400U);
    EXPECT_EQ(refused.producer, nullptr);
    return refused.body;
  };
  EXPECT_EQ(refusal_of("semaphore=C"), "Unknown semaphore \"C\"");
  EXPECT_THAT(refusal_of("kind=granting"), StartsWith("Unknown kind \"granting\": expected one of "
                                                      "queued, granted, wait_ended, "));
  EXPECT_THAT(refusal_of("since=7"), HasSubstr("Unknown id \"7\": expected RUN.N"));
  EXPECT_THAT(refusal_of("", "7.x"), HasSubstr("Unknown id \"7.x\""));
  EXPECT_THAT(refusal_of("since=7.99"), HasSubstr("no event of this run has it yet"));
  EXPECT_THAT(refusal_of("since=%"), StartsWith("Invalid query: "));
  EXPECT_THAT(refusal_of("since=7.1&since=7.2"), HasSubstr("given twice"));
}

TEST_F(EventStreamsTest, OneStreamMoreThanAllowedIsAnswered503) {
  begin_run(8, {.max_streams = 1});
  const http::Response first = ask("");
  const http::Response second = ask("");
  EXPECT_EQ(second.status, 503U);
  EXPECT_THAT(second.body, HasSubstr("There are 1 streams of events already (max_streams in "));
  EXPECT_THAT(second.headers, testing::Contains(testing::Pair("Retry-After", "5")));
}

TEST_F(EventStreamsTest, AStreamThatIsGoneGivesItsPlaceBack) {
  begin_run(8, {.max_streams = 1});
  ask("").producer.reset();
  EXPECT_EQ(ask("").status, 200U);
}

TEST_F(EventStreamsTest, WakesThoseThatHaveSomethingToWrite) {
  const http::Response idle = ask("");
  std::string out;
  idle.producer->produce(out, now_);
  EXPECT_THAT(woken(), IsEmpty());
  EXPECT_EQ(streams_->next_comment(), now_ + 15s);
  acquire();
  EXPECT_THAT(woken(), ElementsAre(1U));
  idle.producer->produce(out, now_);
  EXPECT_THAT(woken(), IsEmpty());
  now_ += 15s;
  EXPECT_THAT(woken(), ElementsAre(1U));
  idle.producer->produce(out, now_);
  EXPECT_EQ(streams_->next_comment(), now_ + 15s);
}

TEST_F(EventStreamsTest, WakesAStreamWhoseClientDoesNotReadOnceAKeepAlive) {
  open();
  now_ += 15s;
  EXPECT_EQ(woken().size(), 1U);
  EXPECT_EQ(streams_->next_comment(), now_ + 15s);
  EXPECT_THAT(woken(), IsEmpty());
  now_ += 15s;
  EXPECT_EQ(woken().size(), 1U);
  EXPECT_EQ(next(), ":\n\n") << "it still owes one";
}

TEST_F(EventStreamsTest, EventsThatAreFilteredOutDelayNoComment) {
  open("kind=kicked");
  now_ += 14s;
  acquire();
  EXPECT_EQ(woken().size(), 1U);
  EXPECT_EQ(next(), "");
  EXPECT_EQ(streams_->next_comment(), now_ + 1s);
}

TEST_F(EventStreamsTest, KeepsAnEventWhereItIs) {
  begin_run(8, {.backlog = 100});
  acquire("B");
  const auto* const first = &backlog_->at(1);
  while (backlog_->newest() < 100)
    acquire("B");
  EXPECT_EQ(&backlog_->at(1), first) << "there was no room for all";
}

TEST_F(EventStreamsTest, EndsWithWhatThereIsAndAByeAtTheStop) {
  open();
  acquire();
  streams_->stop();
  EXPECT_EQ(woken().size(), 1U);
  EXPECT_THAT(kinds_of(next()), ElementsAre("granted", "bye"));
  EXPECT_EQ(progress_, Progress::kEnd);
  EXPECT_EQ(ask("").status, 503U);
}

TEST_F(EventStreamsTest, HasWhatOperatorsAndReloadsDo) {
  begin_run(8, {}, 1s);
  open("since=8.0");
  const PeerId peer = acquire("A", 1, "x");
  backlog_->add(lease::Kick{.at = now_,
                            .peer = peer,
                            .semaphore = kNoSemaphore,
                            .from = {*IpAddress::parse("192.0.2.9"), 5},
                            .by = "ann",
                            .reason = "\"stuck\""});
  ledger_.remove_peer(now_, peer, Cause::kForced);
  settle();
  backlog_->add(journal::Kind::kReloaded, now_);
  now_ += 1s;
  acquire("B");
  const std::string text = next();
  EXPECT_THAT(kinds_of(text), ElementsAre("granted", "kicked", "lease_ended", "reloaded",
                                          "grace_ended", "granted"));
  const auto data = data_of(text);
  EXPECT_EQ(data[1]["reason"], "\"stuck\"");
  EXPECT_EQ(data[1]["by"], "ann");
  EXPECT_EQ(data[1]["from"], "192.0.2.9:5");
  EXPECT_EQ(data[1]["label"], "x");
  EXPECT_EQ(data[2]["cause"], "forced");
  EXPECT_EQ(data[2]["label"], "x");
  EXPECT_THAT(kinds_of(open("since=8.0")), testing::Contains("grace_began"));
}

TEST_F(EventStreamsTest, SaysWhenAKickedPeerEndsAndHowLongItIsBarred) {
  open();
  backlog_->add(lease::Kick{
      .at = now_, .peer = 1, .from = {}, .by = {}, .reason = {}, .within = 30s, .bar = 1h});
  backlog_->add(lease::Kick{.at = now_, .peer = 1, .from = {}, .by = {}, .reason = {}});
  const auto data = data_of(next());
  EXPECT_EQ(data[0]["within_ms"], 30'000);
  EXPECT_EQ(data[0]["bar_ms"], 3'600'000);
  EXPECT_FALSE(data[1].contains("within_ms") || data[1].contains("bar_ms"));
}

TEST_F(EventStreamsTest, ClocksThatPartByLessThanASecondDoNotMoveTheEvents) {
  open();
  now_ += 10s;
  backlog_->set_clock(now_, kWall + 10'900'000);
  acquire();
  EXPECT_EQ(data_of(next())[0]["at"], "2026-11-30T17:11:19.123456Z");
  backlog_->set_clock(now_, kWall + 3'600'000'000);
  acquire();
  EXPECT_EQ(data_of(next())[0]["at"], "2026-11-30T18:11:09.123456Z");
}

}  // namespace
}  // namespace throttle::pages
