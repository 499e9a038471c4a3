// `incidents` and `diff` on files that the real writer wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/inspect/canned_server.h"
#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

using InspectIncidents = InspectTest;

TEST_F(InspectIncidents, ShowsARunThatWasLost) {
  lose_a_run();
  const json rows = json::parse(inspect({"incidents", "--json"}).out);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["what"], "lost run");
  EXPECT_EQ(rows[0]["count"], 1);
  EXPECT_EQ(inspect({"incidents", "--json", "--until", "2025-11-24T15:00"}).out, "[]\n");
}

TEST_F(InspectIncidents, ShowsPeersThatExpiredByClient) {
  open_with_clock();
  enroll(2);
  enroll(1);
  advance(24h);
  ledger->ledger().advance(now);
  ledger->settle();
  flush();
  const json rows = json::parse(inspect({"incidents", "--json"}).out);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["what"], "expired");
  EXPECT_EQ(rows[0]["client"], "10.0.0.9");
  EXPECT_EQ(rows[0]["count"], 2);
}

TEST_F(InspectIncidents, ShowsARestoreBeyondTheLimit) {
  open_with_clock();
  enroll(2);
  const HeldLock held[] = {{"database", 1}};
  ledger->ledger().restore(
      now, {.peer = 5, .spec = {.time_to_live = 1h, .address = {}, .label = {}}, .held = held});
  ledger->settle();
  flush();
  const json rows = json::parse(inspect({"incidents", "--json"}).out);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["what"], "over-commit");
  EXPECT_EQ(rows[0]["count"], 1);
  EXPECT_EQ(rows[0]["detail"], "restored beyond the full count");
}

TEST_F(InspectIncidents, ShowsALimitThatWasLoweredAndItsEnd) {
  open_with_clock();
  const PeerId peer = enroll(2);
  ledger->configure(now, {{.name = "database", .full_count = 1}});
  advance(60s);
  remove(peer);
  flush();
  const json rows = json::parse(inspect({"incidents", "--json"}).out);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["what"], "over-commit");
  EXPECT_EQ(rows[0]["detail"], "the full count was lowered");
  EXPECT_EQ(rows[1]["what"], "over-commit ends");
}

class InspectDiff : public InspectTest {
 protected:
  void SetUp() override {
    open_with_clock();
    first = enroll(2);
    second = enroll(1);
    advance(60s);
    remove(first);
    third = enroll(1);
    flush();
  }
  Ran diff(std::vector<std::string> words) {
    words.insert(words.begin(), {"diff", "--columns", "change,semaphore,before,after"});
    return inspect(words);
  }
  PeerId first = 0;
  PeerId second = 0;
  PeerId third = 0;
};

TEST_F(InspectDiff, NamesWhatCameWentAndChanged) {
  const Ran ran = diff({"--from", "2025-11-24T16:00:30", "--csv"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("went,database,holds 2,\r\n"));
  EXPECT_THAT(ran.out, HasSubstr("changed,database,waits for 1,holds 1\r\n"));
  EXPECT_THAT(ran.out, HasSubstr("came,database,,holds 1\r\n"));
  const Ran same = diff({"--from", "2025-11-24T16:00:10", "--to", "2025-11-24T16:00:30"});
  EXPECT_EQ(same.exit, 0);
}

TEST_F(InspectDiff, ComparesTheFileWithTheServer) {
  CannedServer server;
  const auto entry = [](PeerId peer, int count) {
    return R"({"peer": )" + std::to_string(peer) + R"(, "count": )" + std::to_string(count) + "}";
  };
  server.answer("GET /leases",
                {R"({"semaphores": [{"name": "database", "max": 2, "held": [)" + entry(second, 1) +
                     "," + entry(third, 1) + R"(], "waiting": []}]})",
                 R"({"semaphores": [{"name": "database", "max": 2, "held": [)" + entry(second, 2) +
                     R"(], "waiting": []}]})"});
  EXPECT_EQ(diff({"--live", "-S", server.url()}).exit, 0);
  const Ran ran = diff({"--live", "-S", server.url(), "--csv"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("only in the file,database,holds 1,\r\n"));
  EXPECT_THAT(ran.out, HasSubstr("changed,database,holds 1,holds 2\r\n"));
}

TEST_F(InspectDiff, NeedsTwoTimesOrAServer) {
  EXPECT_EQ(inspect({"diff"}).exit, 2);
  EXPECT_EQ(inspect({"diff", "--live", "--from", "now"}).exit, 2);
}

}  // namespace
}  // namespace throttle::inspect
