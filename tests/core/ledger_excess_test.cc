// What is held beyond a full count is declared: when it begins, grows and ends.
#include "tests/testing/ledger_fixture.h"

namespace throttle::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Excess : public LedgerTest {
 protected:
  Excess() { limit(3); }
  void limit(Count full_count) { configure({{.name = "A", .full_count = full_count}}); }
  // How much, each time.
  std::vector<Count> declared() {
    std::vector<Count> counts;
    for (const LedgerEvent& event : events_of(EventKind::kExcess))
      counts.push_back(event.excess);
    return counts;
  }
};

TEST_F(Excess, OfARestoreIsDeclaredWithItsPeer) {
  restore(1, {{"A", 3}});
  restore(2, {{"A", 1}});
  restore(3, {{"A", 2}});
  const auto events = events_of(EventKind::kExcess);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].excess, 1);
  EXPECT_EQ(events[0].peer, 2U);
  EXPECT_EQ(events[1].excess, 3);
  EXPECT_EQ(events[1].peer, 3U);
}

TEST_F(Excess, OfALoweredLimitIsDeclaredWithoutAPeer) {
  asking("A", 2);
  limit(1);
  limit(0);
  limit(-4);
  const auto events = events_of(EventKind::kExcess);
  ASSERT_EQ(events.size(), 2U) << "below 0 there is no limit that would be lower";
  EXPECT_EQ(events[0].excess, 1);
  EXPECT_EQ(events[0].peer, 0U);
  EXPECT_EQ(events[1].excess, 2);
}

TEST_F(Excess, EndsWithTheLeaseThatWasTooMany) {
  restore(1, {{"A", 3}});
  restore(2, {{"A", 1}});
  restore(3, {{"A", 1}});
  events();
  pass(7s);
  remove_peer(2);
  EXPECT_THAT(declared(), IsEmpty()) << "it is smaller, and not over";
  pass(3s);
  remove_peer(1);
  const auto events = events_of(EventKind::kExcess);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].excess, 0);
  EXPECT_EQ(events[0].held, 10s);
}

TEST_F(Excess, EndsWithALimitThatIsRaised) {
  asking("A", 3);
  limit(1);
  limit(5);
  EXPECT_THAT(declared(), ElementsAre(2, 0));
}

TEST_F(Excess, EndsWhereNothingIsConfiguredAnyMore) {
  asking("A", 3);
  limit(1);
  configure({});
  EXPECT_THAT(declared(), ElementsAre(2, 0));
  limit(2);
  EXPECT_THAT(declared(), ElementsAre(1)) << "the leases are still there";
}

TEST_F(Excess, ThatGrowsAfterItBecameSmallerIsDeclaredAgain) {
  restore(1, {{"A", 3}});
  restore(2, {{"A", 2}});
  remove_peer(1);
  restore(3, {{"A", 2}});
  EXPECT_THAT(declared(), ElementsAre(2, 0, 1));
}

}  // namespace
}  // namespace throttle::testing
