// Requests that wait: every way in which a wait ends, for both generations.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lease/door_fixture.h"

namespace throttle::lease {
namespace {

using namespace std::chrono_literals;
using testing::StartsWith;

constexpr std::string_view kBlockBody =
    R"({"pending": {"A": 1}, "active": {}, "expires_in": "5min"})";

// Peer 5 holds A; 6 asks for it.
class Waiting : public DoorTest {
 protected:
  Waiting() {
    configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 5, .level = 1}});
    restore("5", R"({"A": 1})");
    restore("6");
  }
};

TEST_F(Waiting, AGrantAnswersWithATokenTheMomentItHappens) {
  ASSERT_EQ(ask("PUT /peers/6/A?block_for=15s", "1"), "parked");
  const auto waiting = exchange();
  pass(3s);
  EXPECT_EQ(answer(waiting), "parked");
  EXPECT_EQ(ask("DELETE /peers/5/A"), "200 Ok");
  EXPECT_EQ(answer(waiting), "200 6");
  EXPECT_EQ(response(waiting).content_type, "application/json");
  const std::string granted = token(waiting);
  EXPECT_NE(granted, "");
  EXPECT_EQ(ask("PUT /peers/6/A", "1"), "200 6");
  EXPECT_EQ(token(), granted);
}

TEST_F(Waiting, TheEndOfTheTimeAnswersPendingAndKeepsThePlace) {
  ASSERT_EQ(ask("PUT /peers/6/A?block_for=2s", "1"), "parked");
  const auto waiting = exchange();
  pass(1999ms);
  EXPECT_EQ(answer(waiting), "parked");
  pass(1ms);
  EXPECT_EQ(answer(waiting), "202 6");
  ask("DELETE /peers/5");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "200 true");
}

TEST_F(Waiting, AGrantAtTheVeryEndOfTheTimeCounts) {
  ask("PUT /peers/5", R"({"expires_in": "900ms"})");
  ASSERT_EQ(ask("PUT /peers/6/A?block_for=900ms", "1"), "parked");
  const auto waiting = exchange();
  pass(900ms);
  EXPECT_EQ(answer(waiting), "200 6");
}

TEST_F(Waiting, AFreeLockIsNotWaitedFor) {
  ask("DELETE /peers/5");
  EXPECT_EQ(ask("PUT /peers/6/A?block_for=15s", "1"), "200 6");
  EXPECT_EQ(ask("PUT /peers/6/A?block_for=15s", "1"), "200 6");
}

TEST_F(Waiting, NoTimeToBlockIsAnsweredAtOnce) {
  EXPECT_EQ(ask("PUT /peers/6/A?block_for=0s", "1"), "202 6");
  EXPECT_EQ(ask("PUT /peers/6/A?block_for=0", "1"), "202 6");
  EXPECT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  EXPECT_EQ(door.parked_count(), 0U);
}

TEST_F(Waiting, AHugeTimeSaturates) {
  ask("PUT /peers/5", R"({"expires_in": "500years"})");
  ASSERT_EQ(ask("PUT /peers/6/A?block_for=18446744073709551615s&expires_in=500years", "1"),
            "parked");
  EXPECT_EQ(door.next_deadline(), kNever);
  pass(24h * 365 * 100);
  EXPECT_EQ(answer(exchange()), "parked");
}

TEST_F(Waiting, TheNextDeadlineIsTheEarliestOne) {
  EXPECT_EQ(door.next_deadline(), kNever);
  ask("PUT /peers/6/A?block_for=9s", "1");
  EXPECT_EQ(door.next_deadline(), TimePoint(9s));
  ask("PUT /peers/6/A?block_for=5s", "1");
  EXPECT_EQ(door.next_deadline(), TimePoint(5s));
  pass(9s);
  EXPECT_EQ(door.next_deadline(), kNever);
}

TEST_F(Waiting, EveryRequestOfAPeerIsAnswered) {
  ask("PUT /peers/6/A?block_for=9s", "1");
  const auto first = exchange();
  ask("PUT /peers/6/A?block_for=5s", "1");
  const auto second = exchange();
  ask("PUT /peers/6/A?block_for=1s", "1");
  const auto third = exchange();
  pass(2s);
  EXPECT_EQ(answer(third), "202 6");
  ask("DELETE /peers/5");
  EXPECT_EQ(answer(first), "200 6");
  EXPECT_EQ(answer(second), "200 6");
  EXPECT_EQ(token(first), token(second));
}

TEST_F(Waiting, AHeldLockIsWaitedForWhileAnotherOneIsPending) {
  ASSERT_EQ(ask("PUT /peers/6/B", "1"), "200 6");
  const std::string token_of_b = token();
  ASSERT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  ASSERT_EQ(ask("PUT /peers/6/B?block_for=5s", "1"), "parked");
  const auto waiting = exchange();
  ask("DELETE /peers/5");
  EXPECT_EQ(answer(waiting), "200 6");
  EXPECT_EQ(token(waiting), token_of_b);
}

TEST_F(Waiting, AHeldLockIsAllThereIsWhenThePendingOneIsGivenUp) {
  ASSERT_EQ(ask("PUT /peers/6/B", "1"), "200 6");
  ASSERT_EQ(ask("PUT /peers/6/A", "1"), "202 6");
  ASSERT_EQ(ask("PUT /peers/6/B?block_for=5s", "1"), "parked");
  const auto waiting = exchange();
  ask("DELETE /peers/6/A");
  EXPECT_EQ(answer(waiting), "200 6");
}

TEST_F(Waiting, ReleasingThePendingLockAnswersPendingAtOnce) {
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto waiting = exchange();
  EXPECT_EQ(ask("DELETE /peers/6/A"), "200 Ok");
  EXPECT_EQ(answer(waiting), "202 6");
}

TEST_F(Waiting, ReleasingAnotherLockDoesNotEndTheWait) {
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto waiting = exchange();
  ask("DELETE /peers/6/B");
  EXPECT_EQ(answer(waiting), "parked");
}

TEST_F(Waiting, DeletingThePeerAnswersUnknownPeer) {
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto waiting = exchange();
  ask("DELETE /peers/6");
  EXPECT_EQ(answer(waiting), "400 Unknown peer");
}

TEST_F(Waiting, TheExpiryOfThePeerAnswersUnknownPeer) {
  ask("PUT /peers/6/A?block_for=15s&expires_in=500ms", "1");
  const auto waiting = exchange();
  pass(500ms);
  EXPECT_EQ(answer(waiting), "400 Unknown peer");
}

TEST_F(Waiting, TheExpiryOfTheHeadLetsItsFollowersGo) {
  restore("7");
  restore("8", R"({"B": 3})");
  ask("PUT /peers/6/B?block_for=15s&expires_in=500ms", "5");
  const auto head = exchange();
  ask("PUT /peers/7/B?block_for=15s", "2");
  const auto follower = exchange();
  pass(500ms);
  EXPECT_EQ(answer(head), "400 Unknown peer");
  EXPECT_EQ(answer(follower), "200 7");
}

TEST_F(Waiting, ALifeOfZeroEndsTheWaitInTheSameTurn) {
  EXPECT_EQ(ask("PUT /peers/6/A?block_for=15s&expires_in=0ms", "1"), "400 Unknown peer");
  EXPECT_EQ(door.parked_count(), 0U);
}

TEST_F(Waiting, AnAcquireProlongsThePeerBeyondItsWait) {
  ask("PUT /peers/6", R"({"expires_in": "100ms"})");
  ask("PUT /peers/6/A?block_for=3s&expires_in=100s", "1");
  const auto waiting = exchange();
  pass(3s);
  EXPECT_EQ(answer(waiting), "202 6");
  EXPECT_EQ(ask("GET /peers/6/is_acquired"), "200 false");
}

TEST_F(Waiting, TheExpiryOfAHolderLetsTheWaiterGo) {
  ask("PUT /peers/6/A?block_for=20s", "1");
  const auto waiting = exchange();
  ask("PUT /peers/5", R"({"expires_in": "0ms"})");
  EXPECT_EQ(answer(waiting), "200 6");
}

TEST_F(Waiting, AReloadWithoutTheSemaphoreAnswersUnknownSemaphore) {
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto waiting = exchange();
  configure({{.name = "B", .full_count = 5}});
  EXPECT_EQ(answer(waiting), "400 Unknown semaphore");
}

TEST_F(Waiting, AReloadThatMakesTheRequestImpossibleAnswersSo) {
  restore("7", R"({"B": 5})");
  ask("PUT /peers/6/B?block_for=15s", "4");
  const auto waiting = exchange();
  configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 3, .level = 1}});
  EXPECT_THAT(answer(waiting), StartsWith("409 Lock can never be acquired. Asked for 4"));
}

TEST_F(Waiting, AReloadOfTheLevelsThatMakesTheRequestADeadlockAnswersSo) {
  ASSERT_EQ(ask("PUT /peers/6/B", "1"), "200 6");
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto waiting = exchange();
  configure({{.name = "A", .full_count = 1, .level = 2}, {.name = "B", .full_count = 5}});
  EXPECT_THAT(answer(waiting), StartsWith("409 Lock hierarchy violation"));
}

TEST_F(Waiting, AClientThatHungUpIsForgottenButKeepsItsPlace) {
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto waiting = exchange();
  door.abandon(waiting);
  EXPECT_EQ(door.parked_count(), 0U);
  EXPECT_EQ(door.next_deadline(), kNever);
  ask("DELETE /peers/5");
  EXPECT_EQ(answer(waiting), "parked");
  EXPECT_EQ(ask("PUT /peers/6/A", "1"), "200 6");
}

TEST_F(Waiting, HangingUpConcernsOneRequestOnly) {
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto first = exchange();
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto second = exchange();
  door.abandon(first);
  door.abandon(first);
  ask("DELETE /peers/5");
  EXPECT_EQ(answer(second), "200 6");
}

TEST_F(Waiting, StoppingAnswersEveryoneAtOnceAndParksNobody) {
  ask("PUT /peers/6/A?block_for=15s", "1");
  const auto current = exchange();
  ask("POST /peers/7/block_until_acquired?timeout_ms=15000", kBlockBody);
  const auto first = exchange();
  door.stop_parking();
  end_turn();
  EXPECT_EQ(answer(current), "202 6");
  EXPECT_EQ(answer(first), "200 false");
  EXPECT_EQ(ask("PUT /peers/6/A?block_for=15s", "1"), "202 6");
  EXPECT_EQ(ask("POST /peers/7/block_until_acquired?timeout_ms=15000", kBlockBody), "200 false");
}

// --- what happened before a request does not answer it ---

TEST_F(Waiting, ACancellationJustBeforeDoesNotAnswerTheNextRequest) {
  ask("PUT /peers/6/A", "1");
  ask_in_turn("DELETE /peers/6/A");
  EXPECT_EQ(ask("PUT /peers/6/A?block_for=5s", "1"), "parked");
  pass(5s);
  EXPECT_EQ(answer(exchange()), "202 6");
}

TEST_F(Waiting, AGrantOfAnotherLockInTheSameTurnDoesNotAnswerTheNextRequest) {
  restore("7", R"({"B": 5})");
  ASSERT_EQ(ask("PUT /peers/6/B", "1"), "202 6");
  ask("PUT /peers/7", R"({"expires_in": "100ms"})");
  pass_unnoticed(100ms);
  ASSERT_EQ(ask("PUT /peers/6/A?block_for=5s", "1"), "parked");
  const auto waiting = exchange();
  ask("DELETE /peers/5");
  EXPECT_EQ(answer(waiting), "200 6");
}

TEST_F(Waiting, ADeletionJustBeforeDoesNotAnswerThePeerThatCameBack) {
  ask_in_turn("DELETE /peers/6");
  EXPECT_EQ(ask("POST /peers/6/block_until_acquired?timeout_ms=5000", kBlockBody), "parked");
  const auto waiting = exchange();
  ask("DELETE /peers/5");
  EXPECT_EQ(answer(waiting), "200 true");
}

TEST_F(Waiting, AGrantThatIsTakenBackInTheSameTurnIsNotAnsweredAsHeld) {
  ask("PUT /peers/6/A?block_for=5s", "1");
  const auto waiting = exchange();
  ledger.remove_peer({}, 5);
  ledger.remove_peer({}, 6);
  end_turn();
  EXPECT_EQ(answer(waiting), "400 Unknown peer");
}

// --- the first generation ---

TEST_F(Waiting, TheFirstGenerationIsToldTrueOrFalse) {
  ask("POST /acquire", R"({"pending": {"A": 1}, "expires_in": "5min"})");
  const std::string block =
      "POST /peers/" + response().body + "/block_until_acquired?timeout_ms=1500";
  ASSERT_EQ(ask(block, kBlockBody), "parked");
  const auto early = exchange();
  pass(1500ms);
  EXPECT_EQ(answer(early), "200 false");
  ASSERT_EQ(ask(block, kBlockBody), "parked");
  const auto late = exchange();
  ask("DELETE /peers/5");
  EXPECT_EQ(answer(late), "200 true");
  EXPECT_EQ(response(late).content_type, "application/json");
  EXPECT_NE(token(late), "");
  EXPECT_EQ(ask(block, kBlockBody), "200 true");
}

TEST_F(Waiting, TheFirstGenerationIsToldOfARemovedPeer) {
  ask("POST /peers/7/block_until_acquired?timeout_ms=15000", kBlockBody);
  const auto waiting = exchange();
  ask("DELETE /peers/7");
  EXPECT_EQ(answer(waiting), "400 Unknown peer");
}

TEST_F(Waiting, AHugeTimeoutOfTheFirstGenerationSaturates) {
  ask("POST /peers/7/block_until_acquired?timeout_ms=18446744073709551615", kBlockBody);
  EXPECT_EQ(answer(exchange()), "parked");
  EXPECT_EQ(door.next_deadline(), kNever);
}

TEST_F(Waiting, TwoHundredWaitersAreServedInTheOrderOfTheirArrival) {
  std::vector<http::ExchangeId> waiting;
  for (int peer = 100; peer < 300; ++peer) {
    restore(std::to_string(peer));
    ASSERT_EQ(ask("PUT /peers/" + std::to_string(peer) + "/A?block_for=1h", "1"), "parked");
    waiting.push_back(exchange());
  }
  ask("DELETE /peers/5");
  for (int peer = 100; peer < 300; ++peer) {
    const auto place = static_cast<std::size_t>(peer - 100);
    ASSERT_EQ(answer(waiting[place]), "200 " + std::to_string(peer));
    if (place + 1 < waiting.size()) {
      ASSERT_EQ(answer(waiting[place + 1]), "parked");
    }
    ask("DELETE /peers/" + std::to_string(peer));
  }
}

}  // namespace
}  // namespace throttle::lease
