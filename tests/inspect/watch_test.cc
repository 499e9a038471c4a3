// `watch` on a server that breaks off, and `top` without a terminal.
#include <gmock/gmock.h>

#include "tests/inspect/canned_server.h"
#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBegin =
    "retry: 1\nevent: hello\ndata: {\"run\": 7, \"keep_alive_ms\": 15000}\n\nid: 7.4\n\n";

class WatchTest : public InspectTest {
 protected:
  Ran watch(std::vector<std::string> words) {
    words.insert(words.begin(), {"-S", server.url(), "--utc", "watch"});
    return run_tool(words);
  }

  CannedServer server;
};

TEST_F(WatchTest, GoesOnBehindTheLastEventAfterTheConnectionIsLost) {
  const std::string first =
      std::string(kBegin) +
      "id: 7.5\nevent: queued\ndata: {\"n\": 5, \"at\": \"2026-11-30T14:02:12Z\", "
      "\"semaphore\": \"A\", \"peer\": 1, \"label\": \"\\u001b[2J\"}\n\n";
  const std::string second =
      "retry: 1\nevent: hello\ndata: {}\n\nevent: gap\ndata: {\"missed\": 3}\n\n"
      "event: bye\ndata: {}\n\n";
  server.answer("GET /events", {first, second, "400"});
  const Ran ran = watch({});
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("14:02:12  queued          A peer 1 \"\\x1b[2J\"\n"),
                             HasSubstr("gap             3 events are missing here\n"),
                             Not(HasSubstr("hello")), Not(HasSubstr("bye"))));
  EXPECT_THAT(ran.error, AllOf(HasSubstr("The connection is lost: the server ended the stream"),
                               HasSubstr("connected again"), HasSubstr("answers 400")));
  EXPECT_THAT(server.asked(),
              ElementsAre("GET /events", "GET /events behind 7.5", "GET /events behind 7.5"));
}

TEST_F(WatchTest, ResumesWhereItBeganIfNothingHasHappened) {
  server.answer("GET /events", {kBegin, "400"});
  watch({});
  EXPECT_THAT(server.asked(), Contains("GET /events behind 7.4"));
}

TEST_F(WatchTest, EndsWhenWhatItWritesCannotAppear) {
  server.answer("GET /events", {kBegin, "400"});
  flush_output = [] { return false; };
  EXPECT_EQ(watch({}).exit, 0);
  EXPECT_THAT(server.asked(), ElementsAre("GET /events"));
}

TEST_F(WatchTest, WritesAnObjectALineForMachines) {
  server.answer("GET /events?semaphore=a%2Fb&kind=granted&since=7.1",
                {std::string(kBegin) + "id: 7.5\nevent: granted\ndata: {\"n\": 5}\n\n", "400"});
  const Ran ran = watch({"--json", "--semaphore", "a/b", "--kind", "granted", "--since", "7.1"});
  EXPECT_EQ(ran.out,
            "{\"event\":\"hello\",\"run\":7,\"keep_alive_ms\":15000}\n"
            "{\"id\":\"7.5\",\"event\":\"granted\",\"n\":5}\n");
}

TEST_F(WatchTest, SaysWhatIsWrongAtTheBeginning) {
  EXPECT_THAT(watch({}).error, HasSubstr("has no stream of events"));
  server.answer("GET /events", {"400"});
  EXPECT_THAT(watch({}).error, HasSubstr("/events answers 400: Unknown semaphore"));
  const Ran csv = watch({"--csv"});
  EXPECT_EQ(csv.exit, 2);
  EXPECT_THAT(csv.error, HasSubstr("watch has no --csv; --json writes an object a line."));
  const Ran nobody = run_tool({"-S", "http://127.0.0.1:1", "watch"});
  EXPECT_EQ(nobody.exit, 2);
  EXPECT_THAT(nobody.error, HasSubstr("Is the server running there?"));
}

TEST_F(WatchTest, TopIsStatusWhereThereIsNoScreen) {
  server.answer("GET /leases",
                {R"({"semaphores": [{"name": "A", "max": 1, "held": [], "waiting": []}]})"});
  const Ran ran = run_tool({"-S", server.url(), "top", "-d", "1s"});
  EXPECT_EQ(ran.exit, 0) << ran.error;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("SEMAPHORE"), HasSubstr("0/1"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(run_tool({"top", "-d", "soon"}).error, HasSubstr("--delay: "));
  EXPECT_THAT(run_tool({"top", "-d", "10ms"}).error, HasSubstr("at least 100ms"));
}

}  // namespace
}  // namespace throttle::inspect
