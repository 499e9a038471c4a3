// `runs`, `info` and `verify` on files that the real writer wrote.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class InspectFile : public InspectTest {
 protected:
  // Two holds and a wait; the writer has stopped.
  void write() {
    open_with_clock();
    const PeerId first = enroll(2);
    enroll(1);
    advance(3s);
    remove(first);
    flush();
    ASSERT_TRUE(writer->stop(10s));
  }
  void spoil() { journal::query(path, "UPDATE event SET count = 1 WHERE seq = 3"); }
};

TEST_F(InspectFile, RunsSaysHowEachEnded) {
  write();
  open_with_clock();
  flush();
  const Ran ran = inspect({"runs", "--columns", "run,started,ended,pid,first seq,last seq"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out,
            "RUN  STARTED              ENDED    PID  FIRST SEQ  LAST SEQ\n"
            "  1  2025-11-24 16:00:00  stopped   42          1         8\n"
            "  2  2025-11-24 16:00:03  open      42          9        10\n");
  const json runs = json::parse(inspect({"runs", "--json"}).out);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0]["started"], "2025-11-24T16:00:00.000Z");
  EXPECT_EQ(runs[0]["ended"], "stopped");
  EXPECT_TRUE(runs[0].contains("server"));
}

TEST_F(InspectFile, RunsOfSeveralFilesNameTheirServers) {
  write();
  const Ran ran = run_tool({"-j", path, "-j", path, "runs"});
  EXPECT_THAT(ran.out, StartsWith("SERVER"));
}

TEST_F(InspectFile, InfoShowsTheHeadThatVerifyTakes) {
  write();
  EXPECT_THAT(inspect({"info"}).out, HasSubstr("  events     8, 1 to 8, 2025-11-24 16:00:00 to"));
  const json info = json::parse(inspect({"info", "--json"}).out);
  EXPECT_EQ(info[0]["events"], 8);
  EXPECT_EQ(info[0]["leases"], 0);
  const std::string head = info[0]["head"];
  const Ran kept = inspect({"verify", "--head", head});
  EXPECT_EQ(kept.exit, 0);
  EXPECT_THAT(kept.out, HasSubstr("1 kept head match"));
}

TEST_F(InspectFile, VerifyProvesAFile) {
  write();
  const Ran ran = inspect({"verify"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out, StartsWith(path + "  8 events, 2025-11-24 16:00:00 to 2025-11-24 16:00:03"));
  EXPECT_THAT(ran.out, HasSubstr("\nlimit     ok  never exceeded\n"));
  EXPECT_THAT(ran.out, EndsWith("\nProven.\n"));
  const json result = json::parse(inspect({"verify", "--json"}).out);
  ASSERT_EQ(result.size(), 1U);
  EXPECT_EQ(result[0]["result"], "proven");
}

TEST_F(InspectFile, VerifyNamesWhatIsViolated) {
  write();
  spoil();
  const Ran ran = inspect({"verify"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("\nVIOLATED chain seq "));
  EXPECT_THAT(ran.out, HasSubstr("\nVIOLATED pairs seq "));
  EXPECT_THAT(ran.out, HasSubstr("\nViolated: "));
  const json result = json::parse(inspect({"verify", "--json"}).out);
  EXPECT_EQ(result[0]["result"], "violated");
  EXPECT_EQ(result[1]["result"], "violation");
  EXPECT_TRUE(result[1]["seq"].is_number());
}

TEST_F(InspectFile, VerifyComparesWithTheHeadsOfALog) {
  write();
  const std::string log = folder.file("throttle.log");
  std::ofstream(log) << "nothing\n";
  EXPECT_EQ(inspect({"verify", "--log", log}).exit, 2);
  const std::string hash(64, 'a');
  std::ofstream(log) << "2025 INFO journal head batch=999 seq=9 hash=" << hash << "\n";
  const Ran ran = inspect({"verify", "--log", log});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("commits before a head that was kept"));
  EXPECT_EQ(inspect({"verify", "--head", "1:2:x"}).exit, 2);
}

TEST_F(InspectFile, VerifyPassesReservationsUnlessItIsStrict) {
  lose_a_run();
  const Ran ran = inspect({"verify"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.out, HasSubstr("\nNOT PROVABLE  "));
  EXPECT_THAT(ran.out, EndsWith("\nProven, with 1 reservation.\n"));
  EXPECT_EQ(inspect({"verify", "--strict"}).exit, 1);
  EXPECT_THAT(inspect({"runs"}).out, HasSubstr("lost"));
}

}  // namespace
}  // namespace throttle::inspect
