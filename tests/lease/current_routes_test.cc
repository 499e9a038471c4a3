// The routes of clients from 0.2.0 on: statuses, bodies and the order in which faults count.
#include <chrono>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lease/door_fixture.h"

namespace throttle::lease {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class CurrentRoutes : public DoorTest {
 protected:
  CurrentRoutes() {
    configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 5, .level = 1}});
  }
};

// --- peers ---

TEST_F(CurrentRoutes, ANewPeerIsABareNumberThatEveryJsonReaderKeepsExact) {
  const std::string id = new_peer();
  EXPECT_THAT(id, IsDigits());
  EXPECT_LT(std::stoull(id), std::uint64_t{1} << 53);
  EXPECT_EQ(response().content_type, "application/json");
  EXPECT_NE(new_peer(), id);
}

TEST_F(CurrentRoutes, AHeartbeatIsAnsweredWithPlainText) {
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5", R"({"expires_in": "5min"})"), "200 Ok");
  EXPECT_EQ(response().content_type, "text/plain; charset=utf-8");
}

TEST_F(CurrentRoutes, AHeartbeatOfAnUnknownPeerSaysSoByteExactly) {
  EXPECT_EQ(ask("PUT /peers/5", R"({"expires_in": "5min"})"), "400 Unknown peer");
  EXPECT_EQ(response().content_type, "text/plain; charset=utf-8");
}

TEST_F(CurrentRoutes, AHeartbeatCanShortenALife) {
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5", R"({"expires_in": "100ms"})"), "200 Ok");
  pass(99ms);
  EXPECT_EQ(ask("GET /peers/5/is_acquired"), "200 true");
  pass(1ms);
  EXPECT_EQ(ask("GET /peers/5/is_acquired"), "400 Unknown peer");
}

TEST_F(CurrentRoutes, ALifeOfZeroEndsWithTheHeartbeatThatAskedForIt) {
  restore("5", R"({"A": 1})");
  EXPECT_EQ(ask("PUT /peers/5", R"({"expires_in": "0ms"})"), "200 Ok");
  EXPECT_EQ(remainder("A"), "1");
  EXPECT_EQ(ask("PUT /peers/5", R"({"expires_in": "5min"})"), "400 Unknown peer");
}

TEST_F(CurrentRoutes, DeletingAPeerTellsWhetherItWasThere) {
  restore("5", R"({"A": 1})");
  EXPECT_EQ(ask("DELETE /peers/5"), R"(200 "Peer released")");
  EXPECT_EQ(response().content_type, "application/json");
  EXPECT_EQ(remainder("A"), "1");
  EXPECT_EQ(ask("DELETE /peers/5"), R"(200 "Peer not found")");
}

TEST_F(CurrentRoutes, PeersAreListedByIdAlone) {
  EXPECT_EQ(ask("GET /peers/"), "200 []");
  restore("5");
  EXPECT_EQ(ask("GET /peers/"), R"(200 [{"id":5}])");
  restore("6");
  EXPECT_THAT(ask("GET /peers/"),
              testing::AnyOf(R"(200 [{"id":5},{"id":6}])", R"(200 [{"id":6},{"id":5}])"));
  EXPECT_EQ(response().content_type, "application/json");
}

TEST_F(CurrentRoutes, AnExpiredPeerIsNotListed) {
  new_peer("10ms");
  pass_unnoticed(20ms);
  EXPECT_EQ(ask("GET /peers/"), "200 []");
}

// --- acquiring ---

TEST_F(CurrentRoutes, AnAcquireThatFitsIsAnsweredWithTheIdAndAToken) {
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5/A", "1"), "200 5");
  EXPECT_EQ(response().content_type, "application/json");
  EXPECT_THAT(token(), IsDigits());
  EXPECT_EQ(remainder("A"), "0");
}

TEST_F(CurrentRoutes, AnAcquireThatDoesNotFitIsPendingAndHasNoToken) {
  restore("5", R"({"A": 1})");
  restore("6");
  EXPECT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  EXPECT_EQ(token(), "");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "200 false");
  ask("DELETE /peers/5");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "200 true");
}

TEST_F(CurrentRoutes, ARepeatedAcquireChangesNothingAndKeepsItsToken) {
  restore("5");
  ask("PUT /peers/5/B", "3");
  const std::string granted = token();
  EXPECT_EQ(ask("PUT /peers/5/B", "3"), "200 5");
  EXPECT_EQ(token(), granted);
  EXPECT_EQ(remainder("B"), "2");
}

TEST_F(CurrentRoutes, TokensIncreaseFromGrantToGrant) {
  restore("5");
  restore("6");
  ask("PUT /peers/5/B", "1");
  const auto first = std::stoull(token());
  ask("PUT /peers/6/B", "1");
  EXPECT_GT(std::stoull(token()), first);
}

TEST_F(CurrentRoutes, ReAskingForAHeldLockWhileAnotherIsPendingIsPending) {
  restore("5", R"({"A": 1})");
  restore("6");
  EXPECT_EQ(ask("PUT /peers/6/B", "1"), "200 6");
  EXPECT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  EXPECT_EQ(ask("PUT /peers/6/B", "1"), "202 6");
  EXPECT_EQ(token(), "");
}

TEST_F(CurrentRoutes, AnUnknownSemaphoreCountsBeforeEveryOtherFault) {
  EXPECT_EQ(ask("PUT /peers/5/C?expires_in=1s", "0"), "400 Unknown semaphore");
  EXPECT_EQ(ask("PUT /peers/5/C", "9223372036854775807"), "400 Unknown semaphore");
}

TEST_F(CurrentRoutes, MoreThanTheFullCountCountsBeforeAnUnknownPeer) {
  const std::string answer = ask("PUT /peers/5/A?expires_in=1s", "2");
  EXPECT_THAT(answer, StartsWith("409 Lock can never be acquired. Asked for 2"));
  EXPECT_THAT(answer, HasSubstr("is 1"));
  EXPECT_THAT(answer, HasSubstr("block forever"));
}

TEST_F(CurrentRoutes, AnUnknownPeerCountsBeforeTheCountOnlyIfItIsToBeRenewed) {
  EXPECT_EQ(ask("PUT /peers/5/A?expires_in=1s", "0"), "400 Unknown peer");
  EXPECT_THAT(ask("PUT /peers/5/A", "0"), StartsWith("400 The count must be positive"));
  EXPECT_THAT(ask("PUT /peers/5/A", "-3"), HasSubstr("-3"));
  EXPECT_EQ(ask("PUT /peers/5/A", "1"), "400 Unknown peer");
}

TEST_F(CurrentRoutes, ARefusedAcquireStillProlongsItsPeer) {
  const std::string id = new_peer("1s");
  EXPECT_THAT(ask("PUT /peers/" + id + "/A?expires_in=1h", "0"), StartsWith("400 The count"));
  pass(30min);
  EXPECT_EQ(ask("GET /peers/" + id + "/is_acquired"), "200 true");
}

TEST_F(CurrentRoutes, AnAcquireThatNeverFitsDoesNotProlongItsPeer) {
  const std::string id = new_peer("1s");
  EXPECT_THAT(ask("PUT /peers/" + id + "/A?expires_in=1h", "2"), StartsWith("409"));
  pass(30min);
  EXPECT_EQ(ask("GET /peers/" + id + "/is_acquired"), "400 Unknown peer");
}

TEST_F(CurrentRoutes, ShrinkingIsNotImplementedWhetherHeldOrPending) {
  restore("5", R"({"B": 4})");
  EXPECT_THAT(ask("PUT /peers/5/B", "3"), StartsWith("501 "));
  restore("6");
  ASSERT_EQ(ask("PUT /peers/6/B", "4"), "202 6");
  EXPECT_THAT(ask("PUT /peers/6/B", "3"), StartsWith("501 "));
}

TEST_F(CurrentRoutes, GrowingViolatesTheHierarchyAtTheSemaphoresOwnLevel) {
  restore("5", R"({"B": 2})");
  const std::string answer = ask("PUT /peers/5/B", "3");
  EXPECT_THAT(answer, StartsWith("409 Lock hierarchy violation"));
  EXPECT_THAT(answer, HasSubstr("makes its level 1"));
  EXPECT_THAT(answer, HasSubstr("a lock at level 1"));
  EXPECT_THAT(ask("PUT /peers/5/B", "6"), StartsWith("409 Lock can never be acquired."));
}

TEST_F(CurrentRoutes, ALowerLevelMayFollowAHigherOneOnly) {
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5/B", "1"), "200 5");
  EXPECT_EQ(ask("PUT /peers/5/A", "1"), "200 5");
  restore("6");
  configure({{.name = "A", .full_count = 9},
             {.name = "B", .full_count = 9, .level = 1},
             {.name = "C", .full_count = 9}});
  EXPECT_EQ(ask("PUT /peers/6/A", "1"), "200 6");
  const std::string answer = ask("PUT /peers/6/B", "1");
  EXPECT_THAT(answer, StartsWith("409 Lock hierarchy violation"));
  EXPECT_THAT(answer, HasSubstr("level 0"));
  EXPECT_THAT(answer, HasSubstr("level 1"));
  EXPECT_THAT(ask("PUT /peers/6/C", "1"), StartsWith("409 Lock hierarchy violation"));
}

TEST_F(CurrentRoutes, ASecondPendingLockIsRefusedEvenIfItIsFree) {
  restore("5", R"({"A": 1})");
  restore("6");
  ASSERT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  EXPECT_THAT(ask("PUT /peers/6/B", "1"), StartsWith("409 A peer waits for one lock at a time"));
  EXPECT_EQ(remainder("B"), "5");
}

TEST_F(CurrentRoutes, ALifeOfZeroIsLongEnoughToAcquireWhatIsFree) {
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5/A?expires_in=0ms", "1"), "200 5");
  EXPECT_EQ(remainder("A"), "1");
}

TEST_F(CurrentRoutes, ALifeOfZeroThatMustQueueIsPendingIfItDoesNotBlock) {
  restore("5", R"({"A": 1})");
  restore("6");
  EXPECT_EQ(ask("PUT /peers/6/A?expires_in=0ms", "1"), "202 6");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "400 Unknown peer");
}

TEST_F(CurrentRoutes, AFullQueueIsAnsweredAsOverloadThatClientsRetry) {
  configure({{.name = "A", .full_count = 1, .max_pending = 1}});
  restore("5", R"({"A": 1})");
  restore("6");
  restore("7");
  ASSERT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  EXPECT_THAT(ask("PUT /peers/7/A?block_for=5s", "1"), StartsWith("503 The queue for semaphore"));
}

TEST_F(CurrentRoutes, ALargeLockIsNotStarvedBySmallOnes) {
  restore("4", R"({"B": 1})");
  restore("5");
  restore("6");
  ASSERT_EQ(ask("PUT /peers/5/B", "5"), "202 5");
  EXPECT_EQ(ask("PUT /peers/6/B", "1"), "202 6");
  EXPECT_EQ(remainder("B"), "4");
  ask("DELETE /peers/4");
  EXPECT_EQ(remainder("B"), "0");
  EXPECT_EQ(ask("GET /peers/5/is_acquired"), "200 true");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "200 false");
}

TEST_F(CurrentRoutes, AHugeLifeSaturates) {
  const std::string id = new_peer("18446744073709551615s");
  EXPECT_EQ(ask("PUT /peers/" + id, R"({"expires_in": "584000000000years"})"), "200 Ok");
  EXPECT_EQ(ask("PUT /peers/" + id + "/A?expires_in=18446744073709551615s", "1"), "200 " + id);
  pass(24h * 365 * 100);
  EXPECT_EQ(remainder("A"), "0");
}

// --- releasing ---

TEST_F(CurrentRoutes, ReleasingIsOkWhetherHeldOrNot) {
  restore("5", R"({"A": 1})");
  EXPECT_EQ(ask("DELETE /peers/5/A"), "200 Ok");
  EXPECT_EQ(response().content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(ask("DELETE /peers/5/A"), "200 Ok");
  EXPECT_EQ(remainder("A"), "1");
}

TEST_F(CurrentRoutes, ReleasingTestsTheSemaphoreBeforeThePeer) {
  EXPECT_EQ(ask("DELETE /peers/5/C"), "400 Unknown semaphore");
  EXPECT_EQ(ask("DELETE /peers/5/A"), "400 Unknown peer");
}

TEST_F(CurrentRoutes, ReleasingALockThatIsNotHeldLeavesThePendingOneAlone) {
  restore("5", R"({"A": 1})");
  restore("6");
  ASSERT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  EXPECT_EQ(ask("DELETE /peers/6/B"), "200 Ok");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "200 false");
}

TEST_F(CurrentRoutes, ReleasingAPendingLockLetsItsFollowersGo) {
  restore("4", R"({"B": 3})");
  restore("5");
  restore("6");
  ASSERT_EQ(ask("PUT /peers/5/B", "5"), "202 5");
  ASSERT_EQ(ask("PUT /peers/6/B", "2"), "202 6");
  EXPECT_EQ(ask("DELETE /peers/5/B"), "200 Ok");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "200 true");
}

// --- restoring ---

TEST_F(CurrentRoutes, RestoringIgnoresFullCountAndHierarchy) {
  restore("4", R"({"A": 1})");
  restore("5", R"({"A": 1, "B": 5})");
  EXPECT_EQ(remainder("A"), "-1");
  EXPECT_EQ(remainder("B"), "0");
}

TEST_F(CurrentRoutes, NothingIsGrantedUntilAnOverCommitHasDrained) {
  restore("4", R"({"B": 4})");
  restore("5", R"({"B": 4})");
  restore("6");
  EXPECT_EQ(ask("PUT /peers/6/B", "2"), "202 6");
  EXPECT_EQ(remainder("B"), "-3");
  ask("DELETE /peers/4");
  EXPECT_EQ(remainder("B"), "1");
  EXPECT_EQ(ask("PUT /peers/6/B", "2"), "202 6");
  ask("DELETE /peers/5");
  EXPECT_EQ(ask("PUT /peers/6/B", "2"), "200 6");
}

TEST_F(CurrentRoutes, RestoringTestsNamesThenCountsThenThePeer) {
  const auto restored = [this](const std::string& acquired) {
    return ask("POST /restore",
               R"({"expires_in": "5min", "peer_id": 5, "acquired": )" + acquired + "}");
  };
  ASSERT_EQ(restored(R"({"A": 1})"), "200 Ok");
  EXPECT_EQ(restored(R"({"A": 0, "C": 1})"), "400 Unknown semaphore");
  EXPECT_THAT(restored(R"({"A": 0})"), StartsWith("400 Every restored count must be positive"));
  EXPECT_THAT(restored(R"({"A": -1})"), StartsWith("400 Every restored count must be positive"));
  EXPECT_THAT(restored(R"({"B": 1})"), StartsWith("409 Peer 5 exists with other locks"));
  EXPECT_EQ(restored(R"({"A": 1})"), "200 Ok");
}

TEST_F(CurrentRoutes, RestoringMoreThanTheFullCountIsRefusedSoThatSumsCannotWrap) {
  const std::string most = std::to_string(std::numeric_limits<Count>::max());
  const std::string body = R"({"expires_in": "5min", "peer_id": 5, "acquired": {"A": )" + most;
  EXPECT_THAT(ask("POST /restore", body + "}}"), StartsWith("409 "));
  EXPECT_EQ(remainder("A"), "1");
  EXPECT_EQ(ask("GET /peers/5/is_acquired"), "400 Unknown peer");
}

TEST_F(CurrentRoutes, RestoringALivingPeerProlongsIt) {
  const std::string body = R"({"expires_in": "1s", "peer_id": 5, "acquired": {"A": 1}})";
  ASSERT_EQ(ask("POST /restore", body), "200 Ok");
  pass(900ms);
  ASSERT_EQ(ask("POST /restore", body), "200 Ok");
  pass(900ms);
  EXPECT_EQ(ask("GET /peers/5/is_acquired"), "200 true");
}

TEST_F(CurrentRoutes, NamesBeyondAsciiArriveAsEscapes) {
  configure({{.name = "caf\xC3\xA9 \xF0\x9F\x94\x92", .full_count = 2}});
  restore("5", R"({"caf\u00e9 \ud83d\udd12": 1})");
  EXPECT_EQ(remainder("caf%C3%A9+%F0%9F%94%92"), "1");
}

// --- queries and names ---

TEST_F(CurrentRoutes, TheRemainderOfAnUnknownSemaphoreIsADomainError) {
  EXPECT_EQ(ask("GET /remainder?semaphore=C"), "400 Unknown semaphore");
}

TEST_F(CurrentRoutes, TheRemainderNeedsAName) {
  EXPECT_THAT(ask("GET /remainder"), StartsWith("400 Invalid query: semaphore is missing"));
  EXPECT_THAT(ask("GET /remainder?semaphore=A&semaphore=A"),
              StartsWith("400 Invalid query: semaphore: given twice"));
}

TEST_F(CurrentRoutes, NamesAreDecodedOnce) {
  configure({{.name = "/&", .full_count = 1},
             {.name = "a+b", .full_count = 1},
             {.name = "a b", .full_count = 2},
             {.name = "%41", .full_count = 3}});
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5/%2F%26", "1"), "200 5");
  EXPECT_EQ(ask("DELETE /peers/5/%2F&"), "200 Ok");
  EXPECT_EQ(ask("PUT /peers/5/a+b", "1"), "200 5");
  EXPECT_EQ(remainder("a%2Bb"), "0");
  EXPECT_EQ(remainder("a+b"), "2");
  EXPECT_EQ(remainder("a%20b"), "2");
  EXPECT_EQ(remainder("%2541"), "3");
  ask("DELETE /peers/5/a+b");
  EXPECT_EQ(ask("PUT /peers/5/%2541", "3"), "200 5");
}

TEST_F(CurrentRoutes, ASemaphoreMayBeNamedLikeARoute) {
  configure({{.name = "is_acquired", .full_count = 1},
             {.name = "block_until_acquired", .full_count = 1, .level = -1}});
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5/is_acquired", "1"), "200 5");
  EXPECT_EQ(ask("PUT /peers/5/block_until_acquired", "1"), "200 5");
  EXPECT_EQ(ask("GET /peers/5/is_acquired"), "200 true");
  EXPECT_EQ(ask("DELETE /peers/5/is_acquired"), "200 Ok");
  EXPECT_EQ(ask("DELETE /peers/5/block_until_acquired"), "200 Ok");
  EXPECT_EQ(remainder("is_acquired"), "1");
}

TEST_F(CurrentRoutes, ABaseUrlWithATrailingSlashWorks) {
  EXPECT_THAT(ask("POST //new_peer", R"({"expires_in": "1s"})"), StartsWith("200 "));
}

TEST_F(CurrentRoutes, DurationsInAQueryMayHaveBlanks) {
  restore("5");
  EXPECT_EQ(ask("PUT /peers/5/A?expires_in=1day+2h%203m&block_for=1s+500ms", "1"), "200 5");
  EXPECT_EQ(ask("PUT /peers/5/A?", "1"), "200 5");
  EXPECT_EQ(ask("PUT /peers/5/A?unknown=1&unknown=2", "1"), "200 5");
}

// --- labels ---

TEST_F(CurrentRoutes, APeerMayCarryALabel) {
  const auto label_of_only_peer = [this] {
    std::string label;
    ledger.visit_peers({}, 1000, [&label](const PeerState& peer) { label = peer.label; });
    return label;
  };
  ask("POST /new_peer", R"({"expires_in": "1s", "label": "nightly build on host 7"})");
  EXPECT_EQ(label_of_only_peer(), "nightly build on host 7");
  pass(2s);
  ask("POST /restore", R"({"label": "back", "peer_id": 5, "acquired": {}, "expires_in": "1s"})");
  EXPECT_EQ(label_of_only_peer(), "back");
}

}  // namespace
}  // namespace throttle::lease
