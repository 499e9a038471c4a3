// GET /events of a running process, over real sockets: from the ledger's event to the client.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/app/composition.h"
#include "libthrottle/app/journal_part.h"
#include "libthrottle/journal/reader.h"
#include "libthrottle/uv/clock.h"
#include "tests/telemetry/recording_sink.h"
#include "tests/testing/temporary_folder.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::app {
namespace {

using testing::ElementsAreArray;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class EventsTest : public uv::TcpTest {
 protected:
  EventsTest() {
    settings.http.listen = {"127.0.0.1", 0};
    settings.semaphores = {{.name = "A", .full_count = 1}};
  }
  ~EventsTest() override { stop(); }

  using Compose = Composition (*)(const Context&, const config::ServerSettings&);
  void start(Compose compose = &compose_server) {
    composition = compose({loop, runtime, logger, lines, open_files_as}, settings);
    for (const auto& part : composition.parts) {
      const auto started = part->start(settings);
      ASSERT_TRUE(started) << started.error().message;
      for (const Listener& listener : part->listeners())
        address = listener.address.address;
    }
  }
  void stop() {
    while (!composition.parts.empty())
      composition.parts.pop_back();
  }
  // As an orderly stop does.
  void drain() {
    for (const auto& wave : composition.drain_waves)
      for (Part* const part : wave) {
        bool drained = false;
        part->drain(kNever, [&drained] { drained = true; });
        watch_until([&drained] { return drained; });
      }
  }
  PeerId acquire() {
    return runtime.ledger()
        .enroll(uv::now(), {.spec = {.time_to_live = std::chrono::hours(1), .label = "x"},
                            .semaphore = "A",
                            .count = 1})
        .peer;
  }

  uv::End& send(std::string_view line, std::string_view headers = {}) {
    clients.push_back(std::make_unique<uv::End>(loop, connect(address)));
    clients.back()->stream.start_reading();
    clients.back()->stream.write(std::string(line) + " HTTP/1.1\r\nHost: localhost\r\n" +
                                 std::string(headers) + "\r\n");
    return *clients.back();
  }
  void run_until_received(const uv::End& client, std::string_view text) {
    run_until([&] { return client.bytes.find(text) != std::string::npos; });
  }
  // Follows the events from now on.
  uv::End& follow(std::string_view query = {}) {
    uv::End& client = send("GET /events" + std::string(query));
    run_until_received(client, "event: hello");
    return client;
  }
  static std::vector<std::string> kinds_of(std::string_view text) {
    std::vector<std::string> kinds;
    constexpr std::string_view kName = "\nevent: ";
    for (auto at = text.find(kName); at != text.npos; at = text.find(kName, at + 1)) {
      const auto name = at + kName.size();
      kinds.emplace_back(text.substr(name, text.find('\n', name) - name));
    }
    return kinds;
  }

  TemporaryFolder folder;
  std::vector<std::string> written;
  const telemetry::Logger logger = telemetry::recording_logger("warn", written);
  const OpenFilesAs open_files_as;
  uv::LedgerRuntime runtime{loop};
  telemetry::LimitedLines lines{loop};
  config::ServerSettings settings;
  Composition composition;
  SocketAddress address;
  std::vector<std::unique_ptr<uv::End>> clients;
};

TEST_F(EventsTest, AnEventReachesEachStream) {
  start();
  const uv::End& one = follow();
  const uv::End& other = follow("?kind=queued");
  EXPECT_THAT(one.bytes, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(one.bytes, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(one.bytes, HasSubstr("Transfer-Encoding: chunked\r\n"));
  acquire();
  run_until_received(one, "event: granted");
  acquire();
  run_until_received(other, "event: queued");
  EXPECT_THAT(other.bytes, Not(HasSubstr("granted")));
}

TEST_F(EventsTest, AClientOfHttp10ReadsUntilTheStop) {
  start();
  clients.push_back(std::make_unique<uv::End>(loop, connect(address)));
  uv::End& client = *clients.back();
  client.stream.start_reading();
  client.stream.write("GET /events HTTP/1.0\r\n\r\n");
  run_until_received(client, "event: hello");
  drain();
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, Not(HasSubstr("chunked")));
  EXPECT_THAT(client.bytes, EndsWith("event: bye\ndata: {}\n\n"));
}

TEST_F(EventsTest, AStopEndsStreamsWithAByeAfterAllThatHappened) {
  start();
  uv::End& client = follow();
  acquire();
  drain();
  run_until([&] { return client.eof; });
  EXPECT_THAT(client.bytes, HasSubstr("event: granted"));
  EXPECT_THAT(client.bytes, EndsWith("event: bye\ndata: {}\n\n\r\n0\r\n\r\n"));
}

TEST_F(EventsTest, HeadAndOtherMethodsAreAnsweredAsOnOtherRoutes) {
  settings.events.max_streams = 1;
  start();
  uv::End& head = send("HEAD /events");
  run_until_received(head, "\r\n\r\n");
  EXPECT_THAT(head.bytes, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head.bytes, EndsWith("\r\n\r\n"));
  uv::End& post = send("PUT /events");
  run_until_received(post, "to /events.");
  EXPECT_THAT(post.bytes, HasSubstr("Allow: GET,HEAD\r\n"));
  follow();
  uv::End& one_more = send("GET /events");
  run_until_received(one_more, "max_streams");
  EXPECT_THAT(one_more.bytes, HasSubstr("Retry-After: 5\r\n"));
}

TEST_F(EventsTest, AForeignNameIsRefusedAndNoOtherSiteMayReadIt) {
  start();
  clients.push_back(std::make_unique<uv::End>(loop, connect(address)));
  clients.back()->stream.start_reading();
  clients.back()->stream.write("GET /events HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  run_until_received(*clients.back(), "403 ");
  const uv::End& foreign = send("GET /events", "Origin: http://evil.example\r\n");
  run_until_received(foreign, "event: hello");
  EXPECT_THAT(foreign.bytes, Not(HasSubstr("Access-Control")));
}

TEST_F(EventsTest, AStuckClientMissesEventsAndHoldsUpNobody) {
  settings.events.backlog = 64;
  start();
  uv::End& stuck = follow();
  stuck.stream.stop_reading();
  const uv::End& other = follow("?kind=configured");
  for (int i = 0; i < 200; ++i)
    runtime.ledger().remove_peer(uv::now(), acquire());
  const std::vector<SemaphoreSettings> changed{{.name = "A", .full_count = 2}};
  runtime.ledger().configure(uv::now(), changed);
  run_until_received(other, "\"max\": 2,");
  stuck.stream.start_reading();
  run_until_received(stuck, "\"max\": 2,");
  EXPECT_THAT(kinds_of(stuck.bytes), testing::Contains("gap"));
}

TEST_F(EventsTest, ShowsItsStreamsInTheMetrics) {
  start();
  follow();
  acquire();
  uv::End& page = send("GET /metrics");
  run_until_received(page, "\nthrottle_event_streams 1\n");
  EXPECT_THAT(page.bytes, HasSubstr("\nthrottle_event_streams_opened_total 1\n"));
}

TEST_F(EventsTest, TheStatusPortOfAProxyHasThemToo) {
  settings.status = HostPort{"127.0.0.1", 0};
  start(&compose_proxy);
  const uv::End& client = follow();
  EXPECT_THAT(client.bytes, HasSubstr("\"server\": \"throttle-proxy "));
  acquire();
  run_until_received(client, "event: granted");
}

TEST_F(EventsTest, NumbersWhatTheJournalHasAsTheJournalDoes) {
  settings.journal.path = folder.file("journal.db");
  settings.journal.commit_every = std::chrono::milliseconds(10);
  start();
  const uv::End& client = follow();
  const PeerId peer = acquire();
  uv::run_briefly(loop);
  send("DELETE /peers/" + std::to_string(peer) + "?reason=stuck&by=ann");
  run_until_received(client, "event: lease_ended");
  settings.semaphores[0].full_count = 2;
  for (const auto& part : composition.parts)
    part->reload(settings);
  acquire();
  run_until_received(client, "event: granted\n");
  drain();
  run_until([&] { return client.eof; });
  stop();
  std::vector<std::string> streamed = kinds_of(client.bytes);
  ASSERT_EQ(streamed.front(), "hello");
  ASSERT_EQ(streamed.back(), "bye");
  streamed.erase(streamed.begin());
  streamed.pop_back();
  auto reader = journal::Reader::open(settings.journal.path);
  ASSERT_TRUE(reader);
  const auto run = reader->database().query_integer("SELECT id FROM run WHERE run_no = 1");
  ASSERT_TRUE(run);
  EXPECT_THAT(client.bytes, HasSubstr("{\"run\": " + std::to_string(*run) + ","));
  std::vector<std::string> recorded;
  auto rows = reader->database().prepare(
      "SELECT kind.name FROM event JOIN kind USING (kind_no) WHERE kind.name "
      "NOT IN ('started', 'stopped') ORDER BY seq");
  ASSERT_TRUE(rows);
  while (rows->step().value_or(false))
    recorded.emplace_back(rows->text(0));
  // Configured before the stream began, and closed by the stop after it had ended.
  ASSERT_GE(recorded.size(), 2U);
  EXPECT_THAT(streamed, ElementsAreArray(recorded.begin() + 1, recorded.end() - 1));
  EXPECT_THAT(client.bytes, HasSubstr("id: " + std::to_string(*run) + ".2\nevent: granted"));
}

}  // namespace
}  // namespace throttle::app
