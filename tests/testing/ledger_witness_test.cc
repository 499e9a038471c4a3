// The witness itself: a forged event of each kind is accused, and the right invariant named.
#include "tests/testing/ledger_witness.h"

#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::StartsWith;

constexpr PeerId kAnn = 1, kBob = 2;

// A ledger of one semaphore with two places, and a witness who heard of everything in it.
class Witness : public ::testing::Test {
 protected:
  Witness() : ledger(options()), witness(options()) {
    const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 2}};
    ledger.configure(now, settings);
    witness.configured(ledger, settings);
    hear({.kind = EventKind::kPeerAdded, .peer = kAnn, .at = now});
    hear({.kind = EventKind::kPeerAdded, .peer = kBob, .at = now});
  }
  static LeaseLedger::Options options() { return {.start = TimePoint(1h)}; }

  void hear(const LedgerEvent& event) {
    witness.begin_step({});
    witness.observe(std::vector<LedgerEvent>{event});
  }
  void renewed(PeerId peer, TimePoint lives_until) {
    witness.begin_step({.asking = peer, .lives_until = lives_until});
    witness.observe(std::span<const LedgerEvent>());
  }
  LedgerEvent grant(PeerId peer, Count count, FencingToken token) const {
    return {.kind = EventKind::kGranted,
            .semaphore = 0,
            .peer = peer,
            .count = count,
            .token = token,
            .at = now};
  }
  LedgerEvent of(EventKind kind, PeerId peer, Count count = 1, Cause cause = Cause::kNone) const {
    return {.kind = kind, .cause = cause, .semaphore = 0, .peer = peer, .count = count, .at = now};
  }
  const std::string& accusation() const { return witness.violation(); }

  TimePoint now{1h};
  LeaseLedger ledger;
  LedgerWitness witness;
};

TEST_F(Witness, IsContentWithWhatIsRight) {
  hear(grant(kAnn, 2, 1));
  hear(of(EventKind::kQueued, kBob));
  EXPECT_EQ(accusation(), "");
}

TEST_F(Witness, AccusesAGrantBeyondTheFullCount) {
  hear(grant(kAnn, 2, 1));
  hear(grant(kBob, 1, 2));
  EXPECT_THAT(accusation(), StartsWith("S1"));
}

TEST_F(Witness, AccusesALeaseThatEndsThoughItWasNotHeld) {
  hear(of(EventKind::kLeaseEnded, kAnn));
  EXPECT_THAT(accusation(), StartsWith("S2"));
}

TEST_F(Witness, AccusesAWaitThatEndsThoughNobodyWaited) {
  hear(of(EventKind::kWaitEnded, kAnn));
  EXPECT_THAT(accusation(), StartsWith("S2"));
}

TEST_F(Witness, AccusesAPeerThatGoesWithoutItsLeases) {
  hear(grant(kAnn, 1, 1));
  hear(of(EventKind::kPeerRemoved, kAnn));
  EXPECT_THAT(accusation(), StartsWith("S2"));
}

TEST_F(Witness, AccusesAGrantToNobody) {
  hear(grant(99, 1, 1));
  EXPECT_THAT(accusation(), StartsWith("S3"));
}

TEST_F(Witness, AccusesAGrantToOneWhoIsDue) {
  hear(of(EventKind::kQueued, kAnn));
  witness.begin_step({});
  LedgerEvent ended = of(EventKind::kLeaseEnded, kAnn);
  ended.token = 1;
  witness.observe(std::vector<LedgerEvent>{grant(kAnn, 1, 1), ended,
                                           of(EventKind::kPeerRemoved, kAnn, 0, Cause::kExpired)});
  EXPECT_THAT(accusation(), StartsWith("S3"));
}

TEST_F(Witness, AccusesOneWhoOvertakes) {
  hear(of(EventKind::kQueued, kAnn, 2));
  hear(grant(kBob, 1, 1));
  EXPECT_THAT(accusation(), StartsWith("S4"));
}

TEST_F(Witness, AccusesAGrantToTheSecondOfTheQueue) {
  hear(of(EventKind::kQueued, kAnn));
  hear(of(EventKind::kQueued, kBob));
  hear(grant(kBob, 1, 1));
  EXPECT_THAT(accusation(), StartsWith("S4"));
}

TEST_F(Witness, AccusesATokenThatDoesNotGrow) {
  hear(grant(kAnn, 1, 7));
  hear(grant(kBob, 1, 7));
  EXPECT_THAT(accusation(), StartsWith("S7"));
}

TEST_F(Witness, AccusesAnExpiryBeforeItsTime) {
  renewed(kAnn, now + 1s);
  now += 1s - 1ns;
  hear(of(EventKind::kPeerRemoved, kAnn, 0, Cause::kExpired));
  EXPECT_THAT(accusation(), StartsWith("S8"));
}

TEST_F(Witness, AcceptsAnExpiryAtItsTime) {
  renewed(kAnn, now + 1s);
  now += 1s;
  hear(of(EventKind::kPeerRemoved, kAnn, 0, Cause::kExpired));
  EXPECT_EQ(accusation(), "");
}

TEST_F(Witness, AccusesALedgerThatTellsOtherThingsThanHappened) {
  witness.end_step(ledger, now);
  EXPECT_THAT(accusation(), StartsWith("S2")) << "the ledger knows nothing of Ann and Bob";
}

TEST_F(Witness, AccusesTimeThatRunsBackwards) {
  now -= 1ns;
  hear(of(EventKind::kQueued, kAnn));
  EXPECT_THAT(accusation(), StartsWith("time"));
}

TEST_F(Witness, RemembersTheFirstAccusation) {
  hear(grant(99, 1, 1));
  hear(of(EventKind::kLeaseEnded, kAnn));
  EXPECT_THAT(accusation(), StartsWith("S3"));
}

// A ledger that is right by its own settings, and a witness that was given others.
class MisinformedWitness : public ::testing::Test {
 protected:
  std::string accusation(const LeaseLedger::Options& real, const LeaseLedger::Options& told,
                         std::vector<SemaphoreSettings> told_settings) {
    LeaseLedger ledger(real);
    LedgerWitness witness(told);
    const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = 1, .level = 1},
                                                  {.name = "B", .full_count = 1, .level = 0}};
    ledger.configure(real.start, settings);
    witness.configured(ledger, told_settings);
    const PeerSpec spec{.time_to_live = 1h, .address = {}, .label = {}};
    const PeerId holder = ledger.add_peer(real.start, spec);
    const PeerId peer = ledger.add_peer(real.start, spec);
    ledger.acquire(real.start, {.peer = holder, .semaphore = "B"});
    ledger.acquire(real.start, {.peer = peer, .semaphore = "A"});
    ledger.acquire(real.start, {.peer = peer, .semaphore = "B"});
    witness.begin_step({});
    witness.observe(ledger.events());
    witness.end_step(ledger, real.start);
    return witness.violation();
  }
};

TEST_F(MisinformedWitness, IsContentIfWhatItWasToldIsTrue) {
  EXPECT_EQ(accusation({}, {},
                       {{.name = "A", .full_count = 1, .level = 1},
                        {.name = "B", .full_count = 1, .level = 0}}),
            "");
}

TEST_F(MisinformedWitness, AccusesAHeadThatFitsAndWaits) {
  EXPECT_THAT(accusation({.startup_grace = 1h}, {},
                         {{.name = "A", .full_count = 1, .level = 1},
                          {.name = "B", .full_count = 1, .level = 0}}),
              StartsWith("L1"));
}

TEST_F(MisinformedWitness, AccusesOneWhoWaitsAgainstTheLevels) {
  EXPECT_THAT(accusation({}, {},
                         {{.name = "A", .full_count = 1, .level = 0},
                          {.name = "B", .full_count = 1, .level = 0}}),
              StartsWith("S5"));
}

}  // namespace
}  // namespace throttle::testing
