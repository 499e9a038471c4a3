// An operator ends what is not his own, and says why.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lease/door_fixture.h"

namespace throttle::lease {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class KickTest : public DoorTest {
 protected:
  KickTest() {
    configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 5, .level = 1}});
    door.set_kick_witness([this](const Kick& kick) {
      const std::string_view semaphore = ledger.semaphore_name(kick.semaphore);
      seen.push_back(std::to_string(kick.peer) + ' ' + std::string(semaphore) + ' ' + kick.by +
                     ": " + kick.reason +
                     (ledger.is_acquired(kick.peer) ? ", is still there" : ""));
    });
    restore("5", R"({"A": 1})");
  }
  std::vector<std::string> seen;
};

TEST_F(KickTest, IsReportedBeforeThePeerIsRemoved) {
  EXPECT_EQ(ask("DELETE /peers/5?reason=its%20host+is%20gone&by=ann%40ops"),
            R"(200 "Peer released")");
  EXPECT_THAT(seen, ElementsAre("5  ann@ops: its host is gone, is still there"));
}

TEST_F(KickTest, IsReportedOfOneLockThatIsHeldOrAwaited) {
  restore("6");
  EXPECT_THAT(ask("PUT /peers/6/A", "1"), HasSubstr("202"));
  EXPECT_EQ(ask("DELETE /peers/6/A?reason=x"), "200 Ok");
  EXPECT_EQ(ask("DELETE /peers/5/A?reason=y&by=me"), "200 Ok");
  EXPECT_THAT(seen, ElementsAre("6 A : x, is still there", "5 A me: y, is still there"));
  EXPECT_EQ(remainder("A"), "1");
}

TEST_F(KickTest, IsNoneWithoutAReasonOrAnEffect) {
  EXPECT_EQ(ask("DELETE /peers/5/B?reason=x"), "200 Ok");
  ask("DELETE /peers/5/?reason=x");
  EXPECT_EQ(ask("DELETE /peers/7?reason=x"), R"(200 "Peer not found")");
  EXPECT_EQ(ask("DELETE /peers/7/A?reason=x"), "400 Unknown peer");
  EXPECT_EQ(ask("DELETE /peers/5/C?reason=x"), "400 Unknown semaphore");
  EXPECT_EQ(ask("DELETE /peers/5?by=me"), R"(200 "Peer released")");
  EXPECT_THAT(seen, ElementsAre());
}

TEST_F(KickTest, LetsThePeerGoOnForAWhileWhateverItsClientRenews) {
  EXPECT_EQ(ask("DELETE /peers/5?reason=x&within=30s"), R"(200 "Peer ends within 30s")");
  EXPECT_EQ(remainder("A"), "0");
  EXPECT_EQ(ask("PUT /peers/5", R"({"expires_in": "1h", "active": {"A": 1}})"), "200 Ok");
  pass(std::chrono::seconds(30));
  EXPECT_EQ(remainder("A"), "1");
  restore("5", R"({"A": 1})");
  EXPECT_THAT(seen, ElementsAre("5  : x, is still there"));
}

TEST_F(KickTest, KeepsThePeerFromComingBack) {
  EXPECT_EQ(ask("DELETE /peers/5?reason=x&within=30s&bar=1h"), R"(200 "Peer ends within 30s")");
  pass(std::chrono::seconds(30));
  const std::string restore = R"({"expires_in": "5min", "peer_id": 5, "acquired": {"A": 1}})";
  EXPECT_THAT(ask("POST /restore", restore), HasSubstr("409 Peer 5 was ended by an operator"));
  EXPECT_THAT(ask("PUT /peers/5", R"({"expires_in": "1h", "active": {"A": 1}})"),
              HasSubstr("409 Peer 5 was ended by an operator"));
  EXPECT_EQ(remainder("A"), "1");
  pass(std::chrono::hours(1));
  EXPECT_EQ(ask("POST /restore", restore), "200 Ok");
}

TEST_F(KickTest, IsForcedWithoutWordsToo) {
  EXPECT_EQ(ask("DELETE /peers/5?bar=1h"), R"(200 "Peer released")");
  EXPECT_THAT(seen, ElementsAre("5  : , is still there"));
}

TEST_F(KickTest, OfOneLockIsAtOnce) {
  EXPECT_THAT(ask("DELETE /peers/5/A?within=30s"), HasSubstr("400 Invalid query: within and bar"));
  EXPECT_THAT(ask("DELETE /peers/5/A?bar=30s"), HasSubstr("400 Invalid query: within and bar"));
  EXPECT_THAT(ask("DELETE /peers/5?within=soon"), HasSubstr("400 Invalid query"));
  EXPECT_EQ(remainder("A"), "0");
}

TEST_F(KickTest, IsRefusedWhereNobodyMoreCanBeKeptAway) {
  for (PeerId id = 100; id < 100 + LeaseLedger::kMostBarred; ++id)
    ASSERT_TRUE(ledger.bar(TimePoint(), id, kForever));
  EXPECT_THAT(ask("DELETE /peers/5?reason=x&bar=1h"), HasSubstr("503 As many peers as may be"));
  EXPECT_EQ(remainder("A"), "0") << "nothing was ended";
  EXPECT_EQ(ask("DELETE /peers/5?reason=x"), R"(200 "Peer released")");
}

TEST_F(KickTest, HasAReasonOfBoundedLength) {
  const std::string most(1000, 'x');
  EXPECT_THAT(ask("DELETE /peers/5?reason=" + most + "x"), HasSubstr("400 Invalid query: reason"));
  EXPECT_THAT(ask("DELETE /peers/5/A?reason=x&by=" + most + "x"), HasSubstr("400 Invalid query"));
  EXPECT_EQ(ask("DELETE /peers/5?reason=" + most), R"(200 "Peer released")");
}

}  // namespace
}  // namespace throttle::lease
