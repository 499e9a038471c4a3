// Peers that are connections: a hold limit that nothing prolongs, and pauses of what is behind.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using enum AcquireStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

class Connections : public LedgerTest {
 protected:
  Connections() {
    configure({{.name = "A", .full_count = 1}, {.name = "B", .full_count = 1, .level = 1}});
  }
  PeerId connect(Duration hold, Duration wait = kForever) {
    return enroll(
               {.spec = living(kForever), .semaphore = "A", .limits = {.wait = wait, .hold = hold}})
        .peer;
  }
};

TEST_F(Connections, EndAtTheirHoldLimitToTheTick) {
  const PeerId connection = connect(20s);
  EXPECT_EQ(pass(20s - 1ns), 0U);
  EXPECT_TRUE(holds(connection, "A"));
  EXPECT_EQ(pass(1ns), 1U) << "no slack";
  const auto ended = events_of(EventKind::kLeaseEnded);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].cause, Cause::kHoldLimit);
  EXPECT_EQ(ended[0].held, 20s);
}

TEST_F(Connections, LiveForeverWithoutALimit) {
  const PeerId connection = connect(kForever);
  pass(24h * 1000);
  EXPECT_TRUE(holds(connection, "A"));
}

TEST_F(Connections, CountTheirHoldFromTheGrantNotFromTheRequest) {
  const PeerId first = connect(20s), second = connect(20s);
  pass(20s);
  EXPECT_FALSE(is_known(first));
  EXPECT_TRUE(holds(second, "A"));
  EXPECT_EQ(picture_of(second).removal, now + 20s);
  EXPECT_EQ(pass(20s), 1U);
}

TEST_F(Connections, AreNotProlongedByHeartbeats) {
  const PeerId connection = connect(20s);
  EXPECT_EQ(heartbeat(connection, 1h), Presence::kKnown);
  EXPECT_EQ(pass(20s), 1U);
}

TEST_F(Connections, AreNotShortenedByHeartbeatsEither) {
  const PeerId connection = connect(20s);
  EXPECT_EQ(heartbeat(connection, 0s), Presence::kKnown);
  EXPECT_EQ(pass(20s - 1ns), 0U);
  EXPECT_TRUE(is_known(connection));
}

// A connection whose hold limit is not set yet, or which waits still.
TEST_F(Connections, HaveALifeThatNoRequestMovesFromTheirEnrolment) {
  const auto enrolled = [this] {
    return enroll({.spec = living(kForever), .semaphore = "A", .renewals = Renewals::kIgnored});
  };
  const PeerId holder = enrolled().peer, waiter = enrolled().peer;
  for (const PeerId peer : {holder, waiter}) {
    EXPECT_EQ(heartbeat(peer, 0s), Presence::kKnown);
    ask({.peer = peer, .semaphore = "A", .expires_in = 0s});
    EXPECT_EQ(picture_of(peer).removal, kNever);
  }
  EXPECT_EQ(restore(holder, {{"A", 1}}, 1s), RestoreStatus::kAlreadyKnown);
  EXPECT_EQ(pass(24h), 0U);
  limit_hold(holder, 20s);
  heartbeat(holder, 1h);
  EXPECT_EQ(pass(20s), 1U) << "its own limit is the one that counts";
  EXPECT_TRUE(holds(waiter, "A"));
}

TEST_F(Connections, AreNotProlongedByAcquiring) {
  const PeerId connection = connect(20s);
  EXPECT_EQ(ask({.peer = connection, .semaphore = "A", .expires_in = 1h}).status, kAcquired);
  EXPECT_EQ(pass(20s), 1U);
}

TEST_F(Connections, AreNotProlongedByRestoring) {
  const PeerId connection = connect(20s);
  EXPECT_EQ(restore(connection, {{"A", 1}}), RestoreStatus::kAlreadyKnown);
  EXPECT_EQ(pass(20s), 1U);
}

TEST_F(Connections, HandTheirPlaceToTheNextWhenTheirTimeIsOver) {
  connect(20s);
  const PeerId next = connect(20s);
  const PeerId job = asking("A");
  pass(20s);
  EXPECT_TRUE(holds(next, "A"));
  pass(20s);
  EXPECT_TRUE(holds(job, "A")) << "connections and jobs wait in one queue";
}

TEST_F(Connections, StopWaitingAtTheirWaitLimit) {
  connect(kForever);
  const PeerId waiter = connect(20s, 5s);
  EXPECT_EQ(pass(5s), 0U) << "its owner hears of it and lets it go";
  EXPECT_TRUE(is_acquired(waiter));
  EXPECT_FALSE(holds(waiter, "A"));
}

TEST_F(Connections, WithAHoldOfZeroPassThroughOneAfterTheOther) {
  const PeerId holder = connect(kForever);
  const PeerId first = connect(0s), second = connect(0s), last = connect(kForever);
  events();
  remove_peer(holder);
  EXPECT_THAT(granted(), ElementsAre(first, second, last));
  EXPECT_FALSE(is_known(first));
  EXPECT_FALSE(is_known(second));
  EXPECT_TRUE(holds(last, "A"));
}

TEST_F(Connections, WithTwoLimitsEndAtTheEarlier) {
  const PeerId peer = add_peer(kForever);
  ask({.peer = peer, .semaphore = "B", .limits = {.hold = 20s}});
  ask({.peer = peer, .semaphore = "A", .limits = {.hold = 5s}});
  EXPECT_EQ(picture_of(peer).removal, now + 5s);
  const PeerId other = add_peer(kForever);
  remove_peer(peer);
  ask({.peer = other, .semaphore = "B", .limits = {.hold = 5s}});
  ask({.peer = other, .semaphore = "A", .limits = {.hold = 20s}});
  EXPECT_EQ(picture_of(other).removal, now + 5s);
}

TEST_F(Connections, ThatExpireBeforeTheirLimitSaySo) {
  const PeerId peer = add_peer(500ms);
  ask({.peer = peer, .semaphore = "A", .limits = {.hold = 20s}});
  events();
  EXPECT_EQ(pass(500ms), 1U);
  EXPECT_EQ(events().back().cause, Cause::kExpired);
}

TEST_F(Connections, WaitWithoutTheHoldLimitRunning) {
  connect(kForever);
  const PeerId waiter = connect(1s);
  pass(1h);
  EXPECT_TRUE(is_known(waiter));
  EXPECT_FALSE(is_acquired(waiter));
}

// --- a limit from now on ---

TEST_F(Connections, MayBeLimitedWhenTheirPreparationsAreOver) {
  const PeerId connection = connect(kForever);
  pass(1h);
  EXPECT_EQ(limit_hold(connection, 20s), Presence::kKnown);
  heartbeat(connection, 1h);
  EXPECT_EQ(pass(20s - 1ns), 0U);
  events();
  EXPECT_EQ(pass(1ns), 1U);
  EXPECT_EQ(events().back().cause, Cause::kHoldLimit);
}

TEST_F(Connections, ALaterLimitReplacesAnEarlierOne) {
  const PeerId connection = connect(20s);
  pass(10s);
  limit_hold(connection, 20s);
  EXPECT_EQ(picture_of(connection).removal, now + 20s);
  limit_hold(connection, 1s);
  EXPECT_EQ(picture_of(connection).removal, now + 1s);
  EXPECT_EQ(pass(1s), 1U);
}

TEST_F(Connections, LimitedToNothingEndAtOnce) {
  const PeerId connection = connect(kForever);
  EXPECT_EQ(limit_hold(connection, 0s), Presence::kKnown);
  EXPECT_FALSE(is_known(connection));
  EXPECT_EQ(limit_hold(connection, 1s), Presence::kUnknown);
}

// --- pauses ---

TEST_F(Connections, OfAPausedSemaphoreWaitThoughThereIsRoom) {
  pause("A");
  const PeerId connection = connect(20s);
  EXPECT_FALSE(is_acquired(connection));
  EXPECT_EQ(remainder("A"), 1);
  EXPECT_TRUE(state_of("A").paused);
  resume("A");
  EXPECT_TRUE(holds(connection, "A"));
  EXPECT_FALSE(state_of("A").paused);
}

TEST_F(Connections, KeepTheirPlacesDuringAPause) {
  const PeerId holder = connect(20s);
  const PeerId first = connect(20s), second = connect(20s);
  pause("A");
  remove_peer(holder);
  const PeerId third = connect(20s);
  events();
  resume("A");
  remove_peer(first);
  remove_peer(second);
  EXPECT_THAT(granted(), ElementsAre(first, second, third));
}

TEST_F(Connections, OfASemaphorePausedTwiceWaitForBothToResume) {
  pause("A");
  pause("A");
  const PeerId connection = connect(20s);
  resume("A");
  EXPECT_FALSE(is_acquired(connection));
  resume("A");
  EXPECT_TRUE(is_acquired(connection));
}

TEST_F(Connections, AResumeTooManyIsNoCredit) {
  resume("A");
  pause("A");
  EXPECT_FALSE(is_acquired(connect(20s)));
}

TEST_F(Connections, HoldersStayDuringAPauseAndOtherSemaphoresGoOn) {
  const PeerId holder = connect(20s);
  pause("A");
  EXPECT_TRUE(holds(holder, "A"));
  EXPECT_EQ(acquire(add_peer(), "B"), kAcquired);
}

TEST_F(Connections, StayPausedThroughAReload) {
  pause("A");
  configure({{.name = "A", .full_count = 5}});
  const PeerId connection = connect(20s);
  EXPECT_FALSE(is_acquired(connection));
  resume("A");
  EXPECT_TRUE(is_acquired(connection));
}

TEST_F(Connections, APauseEndsAlsoIfTheSemaphoreWasGoneMeanwhile) {
  pause("A");
  configure({{.name = "B", .full_count = 1, .level = 1}});
  resume("A");
  configure({{.name = "A", .full_count = 1}});
  EXPECT_TRUE(is_acquired(connect(20s)));
}

TEST_F(Connections, PausingAnUnknownNameIsNoError) {
  pause("unknown");
  resume("unknown");
  EXPECT_TRUE(is_acquired(connect(20s)));
}

}  // namespace
}  // namespace throttle::testing
