// The journal in a server: what happens to the ledger and to the proxies' connections is in the
// file afterwards, and the verifier finds nothing wrong in it.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/app/composition.h"
#include "libthrottle/app/journal_part.h"
#include "libthrottle/journal/reader.h"
#include "libthrottle/journal/verification.h"
#include "libthrottle/uv/clock.h"
#include "tests/telemetry/recording_sink.h"
#include "tests/testing/temporary_folder.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::app {
namespace {

using testing::Contains;
using testing::HasSubstr;

class JournalTest : public uv::TcpTest {
 protected:
  JournalTest() {
    settings.http.listen = {"127.0.0.1", 0};
    settings.semaphores = {{.name = "A", .full_count = 1}};
    settings.journal.path = folder.file("journal.db");
    settings.journal.commit_every = std::chrono::milliseconds(10);
  }
  ~JournalTest() override { stop(); }

  Result<void> start() {
    composition = compose_server({loop, runtime, logger, lines, open_files_as}, settings);
    for (const auto& part : composition.parts)
      if (auto started = part->start(settings); !started) return started;
    return {};
  }
  // As an orderly stop does.
  void drain() {
    for (const auto& wave : composition.drain_waves)
      for (Part* const part : wave) {
        bool drained = false;
        part->drain(kNever, [&drained] { drained = true; });
        watch_until([&drained] { return drained; });
      }
    stop();
  }
  void stop() {
    while (!composition.parts.empty())
      composition.parts.pop_back();
  }
  std::string page(std::string_view path) {
    http::Router router;
    composition.parts.front()->add_routes(router);
    http::Request request{.method = http::Method::kGet, .path = path};
    return router.dispatch(request, 1, uv::now()).response->body;
  }
  std::int64_t count(journal::Sql sql) const {
    auto reader = journal::Reader::open(settings.journal.path);
    EXPECT_TRUE(reader) << (reader ? "" : reader.error().message);
    return reader ? reader->database().query_integer(sql).value_or(-1) : -1;
  }
  // All that an acquire over HTTP does.
  PeerId acquire(Count count) {
    const auto outcome = runtime.ledger().enroll(
        uv::now(), {.spec = {.time_to_live = std::chrono::hours(1), .address = {}, .label = {}},
                    .semaphore = "A",
                    .count = count});
    runtime.hub().settle();
    return outcome.peer;
  }

  static SocketAddress address_of(std::uint16_t port) {
    return {IpAddress::from_v4({127, 0, 0, 1}), port};
  }

  TemporaryFolder folder;
  std::vector<std::string> written;
  const telemetry::Logger logger = telemetry::recording_logger("info", written);
  OpenFilesAs open_files_as;
  uv::LedgerRuntime runtime{loop};
  telemetry::LimitedLines lines{loop};
  config::ServerSettings settings;
  Composition composition;
};

TEST_F(JournalTest, HasWhatHappenedAndIsProven) {
  ASSERT_TRUE(start());
  const PeerId holder = acquire(1);
  acquire(1);
  runtime.ledger().remove_peer(uv::now(), holder);
  runtime.hub().settle();
  drain();
  EXPECT_EQ(count("SELECT count(*) FROM event WHERE kind_no = 2"), 2);   // granted
  EXPECT_EQ(count("SELECT count(*) FROM event WHERE kind_no = 1"), 1);   // queued
  EXPECT_EQ(count("SELECT count(*) FROM event WHERE kind_no = 10"), 1);  // configured
  EXPECT_EQ(count("SELECT count(*) FROM event WHERE cause_no = 9"), 1);  // stopped
  EXPECT_EQ(count("SELECT count(*) FROM live"), 0);
  const auto report = journal::verify_file(settings.journal.path, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->violations.empty()) << report->violations.front().text;
  EXPECT_TRUE(report->reservations.empty());
  EXPECT_THAT(written, Contains(HasSubstr("journal head batch=")));
}

TEST_F(JournalTest, ShowsItselfOnItsPageAndInTheMetrics) {
  ASSERT_TRUE(start());
  acquire(1);
  watch_until([this] { return count("SELECT count(*) FROM event WHERE kind_no = 2") == 1; });
  const std::string state = page("/journal");
  EXPECT_THAT(state, HasSubstr("\"up\": true"));
  EXPECT_THAT(state, HasSubstr("\"last_error\": null"));
  pages::MetricsPage metrics;
  composition.parts.front()->write_metrics(uv::now(), metrics);
  const std::string text = metrics.short_families().text();
  EXPECT_THAT(text, HasSubstr("throttle_journal_up 1\n"));
  EXPECT_THAT(text, HasSubstr("throttle_journal_lost_events_total{reason=\"queue_full\"} 0\n"));
}

TEST_F(JournalTest, RecordsTheGraceBeforeTheFirstGrant) {
  uv::LedgerRuntime graced(loop, std::chrono::milliseconds(20));
  composition = compose_server({loop, graced, logger, lines, open_files_as}, settings);
  for (const auto& part : composition.parts)
    ASSERT_TRUE(part->start(settings));
  graced.ledger().enroll(uv::now(), {.spec = {}, .semaphore = "A", .count = 1});
  watch_until([&] { return graced.ledger().semaphore("A")->acquired == 1; });
  drain();
  EXPECT_EQ(count("SELECT kind_no FROM event WHERE seq > 1 ORDER BY seq LIMIT 1"), 25);
  EXPECT_EQ(count("SELECT count(*) FROM event AS ended JOIN event AS granted "
                  "ON ended.kind_no = 26 AND granted.kind_no = 2 AND ended.seq < granted.seq"),
            1);
  const auto report = journal::verify_file(settings.journal.path, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->violations.empty()) << report->violations.front().text;
}

TEST_F(JournalTest, IsWrittenByOneProcessOnly) {
  ASSERT_TRUE(start());
  uv::LedgerRuntime other(loop);
  JournalPart second({loop, other, logger, lines, open_files_as}, "throttle-server",
                     settings.journal);
  const auto refused = second.start(settings);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is being written by process "));
}

TEST_F(JournalTest, GrantsNothingWithoutAFileIfItIsToPause) {
  settings.journal.path = folder.file("absent/journal.db");
  settings.journal.when_behind = journal::WhenBehind::kPause;
  ASSERT_TRUE(start());
  acquire(1);
  EXPECT_EQ(runtime.ledger().semaphore("A")->acquired, 0);
  EXPECT_EQ(runtime.ledger().semaphore("A")->waiting, 1U);
  EXPECT_THAT(page("/journal"), HasSubstr("\"pausing\": true"));
  EXPECT_NE(dynamic_cast<JournalPart&>(*composition.parts.front()).trouble(), "");
  EXPECT_THAT(written, Contains(HasSubstr("ERROR journal: nothing is granted until the journal")));
}

TEST_F(JournalTest, ServesWithoutAFileIfItIsToLeaveAGap) {
  settings.journal.path = folder.file("absent/journal.db");
  ASSERT_TRUE(start());
  acquire(1);
  EXPECT_EQ(runtime.ledger().semaphore("A")->acquired, 1);
  EXPECT_THAT(page("/journal"), HasSubstr("\"up\": false"));
  EXPECT_THAT(written, Contains(HasSubstr("cannot be opened")));
}

TEST_F(JournalTest, HasTheConnectionsOfProxiesWithTheirPeers) {
  ASSERT_TRUE(start());
  auto& journal = dynamic_cast<JournalPart&>(*composition.parts.front());
  const PeerId peer = acquire(1);
  runtime.ledger().remove_peer(uv::now(), peer);
  journal.on_connection_ended("web",
                              {.client = address_of(1), .peer = peer, .accepted = uv::now()});
  journal.on_connection_ended("web", {.client = address_of(2),
                                      .accepted = uv::now(),
                                      .ended_by = proxy::EndedBy::kRefused,
                                      .refusal = gate::Refusal::kQueueFull});
  drain();
  EXPECT_EQ(count("SELECT count(*) FROM connection WHERE peer_no IS NOT NULL"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM refusal JOIN proxy USING (proxy_no) "
                  "WHERE proxy.name = 'web' AND reason = 'refused_queue_full' AND count = 1"),
            1);
}

// The queue timeout ends the wait while the ledger's events are being handed out.
TEST_F(JournalTest, HasAConnectionThatTheLedgerEnded) {
  uv::ListeningEnd service(loop);
  proxy::Settings proxy;
  proxy.name = "web";
  proxy.listen = {{"127.0.0.1", 0}};
  proxy.upstream = {"127.0.0.1", service.listener->local_address().port};
  proxy.max_connections = 1;
  proxy.queue_timeout = std::chrono::milliseconds(20);
  settings.proxies = {proxy};
  ASSERT_TRUE(start());
  SocketAddress address;
  for (const auto& part : composition.parts)
    for (const Listener& listener : part->listeners())
      if (listener.name == "web") address = listener.address.address;
  uv::End first(loop, connect(address));
  run_until([&] { return !service.streams.empty(); });
  uv::End second(loop, connect(address));
  second.stream.start_reading();
  run_until([&] { return second.eof || second.reset; });
  watch_until([this] { return count("SELECT count(*) FROM connection") == 1; });
  first.stream.close();
  service.streams.clear();
  drain();
  EXPECT_EQ(count("SELECT count(*) FROM connection WHERE peer_no IS NOT NULL"), 2);
  const auto report = journal::verify_file(settings.journal.path, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->violations.empty()) << report->violations.front().text;
}

TEST_F(JournalTest, HasAPauseOfAllWithoutASemaphore) {
  ASSERT_TRUE(start());
  const PeerId holder = acquire(1);
  for (const auto& part : composition.parts)
    part->pause();
  acquire(1);
  runtime.ledger().remove_peer(uv::now(), holder);
  runtime.hub().settle();
  runtime.ledger().enroll(uv::now(), {.spec = {}, .semaphore = "A", .count = 1});
  for (const auto& part : composition.parts)
    part->resume();
  drain();
  EXPECT_EQ(count("SELECT count(*) FROM event WHERE kind_no = 11 AND semaphore_no IS NULL"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM event WHERE kind_no = 12 AND semaphore_no IS NULL"), 1);
  const auto report = journal::verify_file(settings.journal.path, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->violations.empty()) << report->violations.front().text;
}

TEST_F(JournalTest, OpensItsFileWithTheRightsItIsGiven) {
  int asked = 0;
  open_files_as = [&asked](const std::function<void()>& open) {
    ++asked;
    open();
    return Result<void>();
  };
  ASSERT_TRUE(start());
  EXPECT_EQ(asked, 1);
  stop();
  open_files_as = [](const std::function<void()>&) -> Result<void> {
    return fail(ErrorCode::kUnavailable, "no rights");
  };
  const auto refused = start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "no rights");
}

TEST_F(JournalTest, HasTheReasonOfAnOperatorBeforeWhatItEnds) {
  ASSERT_TRUE(start());
  const PeerId holder = acquire(1);
  const std::string path = "/peers/" + std::to_string(holder);
  http::Router router;
  for (const auto& part : composition.parts)
    part->add_routes(router);
  const http::Request request{
      .method = http::Method::kDelete, .path = path, .query = "reason=its+host+is+gone&by=ann"};
  EXPECT_EQ(router.dispatch(request, 1, uv::now()).response->status, 200U);
  runtime.hub().settle();
  drain();
  EXPECT_EQ(count("SELECT count(*) FROM event JOIN detail USING (seq) "
                  "WHERE kind_no = 41 AND peer_no IS NOT NULL AND "
                  "json LIKE '%\"by\":\"ann\",\"reason\":\"its host is gone\"%'"),
            1);
  EXPECT_EQ(count("SELECT count(*) FROM event e JOIN event k ON k.kind_no = 41 AND k.seq < e.seq "
                  "WHERE e.cause_no = 8"),
            1);
  EXPECT_THAT(written, Contains(HasSubstr("kicked peer=")));
  const auto report = journal::verify_file(settings.journal.path, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->violations.empty()) << report->violations.front().text;
}

}  // namespace
}  // namespace throttle::app
