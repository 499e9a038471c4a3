// The commands that ask a running server, with a server whose answers are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "libthrottle/inspect/places.h"
#include "libthrottle/inspect/server.h"
#include "tests/inspect/canned_server.h"
#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kLeases = R"({"semaphores": [
  {"name": "database", "max": 5,
   "held": [
    {"peer": 66, "count": 4, "client": "10.0.0.7:52114", "expires_in_ms": 41000,
     "label": "load crm", "held_ms": 10920000},
    {"peer": 77, "count": 1, "client": "10.0.0.3:41877", "held_ms": 12000}],
   "waiting": [
    {"peer": 11, "count": 1, "client": "10.0.0.8:40021", "expires_in_ms": 9000, "place": 1,
     "waited_ms": 200000},
    {"peer": 88, "count": 2, "client": "10.0.0.9:40022", "label": "nightly import", "place": 2,
     "waited_ms": 134000}]},
  {"name": "a/b", "max": 2, "waiting": [],
   "held": [{"peer": 66, "count": 3, "client": "10.0.0.7:52114", "held_ms": 1}]},
  {"name": "open", "max": 2, "held": [], "waiting": []}]}
)";
constexpr const char* kAfter = R"({"semaphores": [
  {"name": "database", "max": 5,
   "held": [{"peer": 77, "count": 1, "client": "10.0.0.3:41877", "held_ms": 12000},
    {"peer": 11, "count": 1, "client": "10.0.0.8:40021", "held_ms": 1}],
   "waiting": []}]}
)";
constexpr const char* kMetrics =
    "# HELP throttle_paused …\n"
    "process_start_time_seconds 1763982000\n"
    "throttle_paused{semaphore=\"open\"} 1\n"
    "throttle_hold_seconds_sum{semaphore=\"database\"} 3700\n"
    "throttle_hold_seconds_count{semaphore=\"database\"} 10\n";

class InspectLive : public InspectTest {
 protected:
  void SetUp() override {
    server.answer("GET /leases", {kLeases});
    server.answer("GET /version", {"1.2.3\n"});
    server.answer("GET /metrics", {kMetrics});
  }
  Ran live(std::vector<std::string> words) {
    words.insert(words.begin(), {"-S", server.url(), "--utc"});
    return run_tool(words);
  }
  CannedServer server;
};

TEST_F(InspectLive, StatusShowsEachSemaphore) {
  const Ran ran = live({"status"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "throttle 1.2.3, up 5h 00m, " + server.url() +
                         "\n"
                         "SEMAPHORE  HELD  WAITING  LONGEST  ORDER  STATE\n"
                         "database    5/5        2   3m 20s  -      full\n"
                         "a/b         3/2        0        -  -      over by 1\n"
                         "open        0/2        0        -  -      paused\n");
  const json rows = json::parse(live({"status", "--json"}).out);
  EXPECT_EQ(rows[0]["held"], 5);
  EXPECT_EQ(rows[0]["max"], 5);
  EXPECT_EQ(rows[0]["longest_ms"], 200000);
}

TEST_F(InspectLive, AServerIsNotAskedAgainOnceItIsCancelled) {
  Server one({.address = *parse_server(server.url()), .timeout = std::chrono::hours(1)});
  EXPECT_TRUE(one.page("/version"));
  one.cancel();
  EXPECT_FALSE(one.page("/version"));
  EXPECT_FALSE(one.page("/metrics"));
  EXPECT_THAT(server.asked(), ::testing::ElementsAre("GET /version"));
}

TEST_F(InspectLive, LeasesAndWaitingShowPeers) {
  EXPECT_EQ(live({"leases", "--columns", "semaphore,count,peer,since,expires in"}).out,
            "SEMAPHORE  COUNT  PEER  SINCE                EXPIRES IN\n"
            "database       4    66  2025-11-24 12:58:00         41s\n"
            "database       1    77  2025-11-24 15:59:48           -\n"
            "a/b            3    66  2025-11-24 15:59:59           -\n");
  EXPECT_EQ(live({"waiting", "--columns", "place,peer,label,waited"}).out,
            "PLACE  PEER  LABEL           WAITED\n"
            "    1    11  -               3m 20s\n"
            "    2    88  nightly import  2m 14s\n");
}

TEST_F(InspectLive, OneSemaphoreIsAskedForByItsName) {
  server.answer("GET /leases?semaphore=a%2Fb", {R"({"semaphores": [{"name": "a/b", "max": 2}]})"});
  server.answer("GET /leases?semaphore=c", {"400"});
  EXPECT_EQ(live({"leases", "a/b", "--json"}).out, "[]\n");
  const Ran none = live({"waiting", "c"});
  EXPECT_EQ(none.exit, 1);
  EXPECT_THAT(none.error, HasSubstr("There is no semaphore \"c\"."));
}

TEST_F(InspectLive, WhySaysWhatMustComeBack) {
  const Ran ran = live({"why", "label:nightly*"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out,
            "Peer 88 \"nightly import\" (10.0.0.9:40022) waits for 2 of database since 15:57:46, "
            "2m 14s.\n"
            "It is 2nd of 2; the one before it wants 1. Free 0 of 5, so 3 must come back "
            "(mean hold 6m 10s).\n"
            "HOLDS  PEER  CLIENT          LABEL       HELD  ENDS\n"
            "    4    66  10.0.0.7:52114  load crm  3h 02m  in 41s unless renewed\n"
            "    1    77  10.0.0.3:41877  -            12s  when it is released\n");
  const json rows = json::parse(live({"why", "88", "--json"}).out);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0]["role"], "asked");
  EXPECT_EQ(rows[1]["role"], "before");
  EXPECT_EQ(rows[1]["peer"], 11);
  EXPECT_EQ(rows[3]["role"], "holds");
}

TEST_F(InspectLive, WhySaysThatAPeerDoesNotWait) {
  EXPECT_THAT(live({"why", "77"}).out, HasSubstr("waits for nothing; it holds 1 of database."));
  EXPECT_EQ(live({"why", "99"}).exit, 1);
}

TEST_F(InspectLive, ConnectionsAreThoseOfTheProxies) {
  server.answer("GET /connections", {R"({"proxies": [{"name": "office", "connections": [
      {"client": "10.0.0.7:1", "state": "active", "age_ms": 1200, "in_state_ms": 1000,
       "bytes_up": 5, "bytes_down": 7, "peer": 42}]}, {"name": "mail", "connections": []}]})"});
  EXPECT_EQ(live({"connections"}).out,
            "PROXY   STATE   PLACE  CLIENT      PEER  IN STATE   AGE  BYTES UP  BYTES DOWN\n"
            "office  active      -  10.0.0.7:1    42      1.0s  1.2s         5           7\n");
  EXPECT_EQ(live({"connections", "mail", "--csv", "--no-header"}).out, "");
  EXPECT_EQ(live({"connections", "fax"}).exit, 1);
}

TEST_F(InspectLive, KickShowsAsksAndSaysWhichPeerGetsIt) {
  server.answer("GET /leases", {kLeases, kAfter});
  server.answer("DELETE /peers/66", {"Peer released"});
  std::string question;
  ask = [&question](const std::string& text) {
    question = text;
    return true;
  };
  const Ran ran = live({"kick", "66", "--reason", "its host is gone"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(question, "End this?");
  EXPECT_THAT(ran.error, HasSubstr("Its work may go on"));
  EXPECT_THAT(ran.out, HasSubstr("database   holds      4    66"));
  EXPECT_THAT(ran.out, HasSubstr("a/b        holds      3    66"));
  EXPECT_THAT(ran.out, HasSubstr("Now peer 11 (10.0.0.8:40021) holds 1 of database."));
  const auto asked = server.asked();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_THAT(asked[1], StartsWith("DELETE /peers/66?reason=its%20host%20is%20gone&by="));
}

TEST_F(InspectLive, KickSaysWhatWithinAndBarDo) {
  server.answer("DELETE /peers/66", {"\"Peer ends within 30s\""});
  const Ran ran =
      live({"kick", "66", "--reason", "x", "--within", "30s", "--bar", "60min", "--yes"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.error, HasSubstr("It ends in 30s at the latest, whatever its client renews."));
  EXPECT_THAT(ran.error, HasSubstr("For 1h after its end it cannot take its leases back."));
  EXPECT_THAT(server.asked()[1], HasSubstr("&within=30s&bar=1h"));
  EXPECT_THAT(live({"kick", "66", "--reason", "x", "--within", "soon"}).error,
              HasSubstr("--within: "));
}

TEST_F(InspectLive, KickDiffersIfThePeerIsGoneMeanwhile) {
  server.answer("DELETE /peers/66", {"\"Peer not found\""});
  const Ran ran = live({"kick", "66", "--reason", "x", "--yes"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.error, HasSubstr("The peer is gone already."));
}

TEST_F(InspectLive, ReleaseEndsOneSemaphoreOnly) {
  server.answer("DELETE /peers/66/a%2Fb", {"Ok"});
  const Ran ran = live({"release", "label:load*", "database", "--reason", "x", "--yes"});
  EXPECT_EQ(ran.exit, 2) << "404";
  EXPECT_EQ(live({"release", "66", "a/b", "--reason", "x", "--yes"}).exit, 0);
}

TEST_F(InspectLive, NothingIsEndedWithoutAReasonAnAnswerOrOnePeer) {
  const auto error = [this](const std::vector<std::string>& words) { return live(words).error; };
  EXPECT_THAT(error({"kick", "66"}), HasSubstr("expected --reason TEXT"));
  EXPECT_THAT(error({"kick", "66", "--reason", "x"}), HasSubstr("add --yes"));
  EXPECT_THAT(error({"kick", "client:10.*", "--reason", "x", "--yes"}),
              HasSubstr("Several peers match"));
  ask = [](const std::string&) { return false; };
  EXPECT_EQ(live({"kick", "66", "--reason", "x"}).exit, 1);
  EXPECT_EQ(live({"kick", "99", "--reason", "x"}).exit, 1);
  for (const std::string& request : server.asked())
    EXPECT_EQ(request, "GET /leases");
}

TEST_F(InspectLive, SaysHowToGoOnWithoutAServer) {
  const Ran ran = run_tool({"-S", "http://127.0.0.1:1", "status"});
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.error, HasSubstr("Is the server running there? -S http://HOST:PORT names"));
  server.answer("GET /leases", {"<html>"});
  EXPECT_THAT(live({"leases"}).error, HasSubstr("is no page of throttle"));
}

}  // namespace
}  // namespace throttle::inspect
