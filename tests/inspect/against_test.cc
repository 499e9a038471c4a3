// `verify --against` with a server whose counters are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/inspect/canned_server.h"
#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using ::testing::HasSubstr;

class VerifyAgainst : public InspectTest {
 protected:
  void SetUp() override {
    open_with_clock();
    const PeerId peer = enroll(1);
    enroll(1);
    remove(peer);
    flush();
    say_journal(5);
    server.answer("GET /metrics", {counters(2, 1)});
  }
  static std::string counters(int grants, int released) {
    return "throttle_grants_total{semaphore=\"database\"} " + std::to_string(grants) +
           "\nthrottle_leases_ended_total{semaphore=\"database\",cause=\"released\"} " +
           std::to_string(released) + "\n";
  }
  void say_journal(int committed, const std::string& run = "1") {
    server.answer(
        "GET /journal",
        {R"({"path": "journal.db", "id": ")" + journal::value(path, "SELECT id FROM journal") +
         R"(", "run": )" + run + R"(, "recorded_events": 5, "committed_events": )" +
         std::to_string(committed) + "}"});
  }
  Ran verify_against() {
    return inspect({"--timeout", "100ms", "verify", "--against", server.url()});
  }
  CannedServer server;
};

TEST_F(VerifyAgainst, ProvesThatTheFileHasWhatWasCounted) {
  const Ran ran = verify_against();
  EXPECT_EQ(ran.exit, 0) << ran.out << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("counters  ok  2 counters of the server"));
}

TEST_F(VerifyAgainst, NamesWhatTheFileLacksAndWhatItHasTooMuch) {
  server.answer("GET /metrics", {counters(3, 0)});
  const Ran ran = verify_against();
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("VIOLATED counters seq 0: the file has 2, but the server counted "
                                 "3: throttle_grants_total of database"));
  EXPECT_THAT(ran.out, HasSubstr("the file has 1, but the server counted 0: "
                                 "throttle_leases_ended_total of database, released"));
}

TEST_F(VerifyAgainst, LetsTheServerGoOnMeanwhile) {
  server.answer("GET /metrics", {counters(1, 0), counters(9, 8)});
  EXPECT_EQ(verify_against().exit, 0);
}

TEST_F(VerifyAgainst, NamesAFileOfAnotherRun) {
  say_journal(5, "77");
  const Ran ran = verify_against();
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("the last run in the file is not that of http://"));
}

TEST_F(VerifyAgainst, WaitsForNoFileForEver) {
  say_journal(4);
  const Ran ran = verify_against();
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.error, HasSubstr("has events that are not in"));
}

}  // namespace
}  // namespace throttle::inspect
