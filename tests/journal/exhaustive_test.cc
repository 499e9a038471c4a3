// Every short story of a small world, through recorder, channel and bookkeeper: what the journal
// says is what the ledger holds after every step, and the verifier finds nothing, wherever the
// story and its batches end. THROTTLE_JOURNAL_DEPTH=N plays longer ones.
#include <functional>

#include <gtest/gtest.h>

#include "libthrottle/journal/bookkeeper.h"
#include "tests/journal/journal_fixture.h"
#include "tests/journal/memory_verifier.h"
#include "tests/journal/replay.h"
#include "tests/sim/environment.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

constexpr Integer kWallUs = 1'764'000'000'000'000;

class SmallWorld {
 public:
  SmallWorld() {
    bookkeeper_.open_file({});
    limit(1);
  }

  // Its events become one batch, or two that part in the middle of them.
  enum class Batches { kOne, kTwo };
  void settle(Batches batches) {
    ledger_.settle();
    const std::size_t whole = channel_->size();
    if (batches == Batches::kTwo) drain(whole / 2);
    drain(channel_->size());
  }
  std::string difference() {
    if (!replay_.violation().empty()) return replay_.violation();
    const auto its = Replay::lines_of(testing::picture_of_ledger(ledger_.ledger()));
    return replay_.lines() == its ? "" : "the replay is not what the ledger holds";
  }
  std::string verdict() { return verifier_.finish(); }

  void acquire(PeerId peer, std::string_view name, Count count) {
    if (!ledger().contains(peer)) {
      ledger().enroll(now_, {.spec = mortal(), .semaphore = name, .count = count, .peer = peer});
    } else {
      ledger().acquire(now_, {.peer = peer, .semaphore = name, .count = count});
    }
  }
  void restore(PeerId peer, std::vector<HeldLock> held) {
    ledger().restore(now_, {.peer = peer, .spec = mortal(), .held = held});
  }
  void limit(Count full_count) {
    const std::vector<SemaphoreSettings> settings{{.name = "A", .full_count = full_count},
                                                  {.name = "B", .full_count = 2, .level = 1}};
    ledger().configure(now_, settings);
  }
  void pass(Duration span) { ledger().advance(now_ += span); }
  LeaseLedger& ledger() { return ledger_.ledger(); }
  TimePoint now() const { return now_; }

 private:
  static PeerSpec mortal() { return {.time_to_live = 150ms, .address = {}, .label = {}}; }
  void drain(std::size_t records) {
    Record record;
    for (; records > 0 && channel_->try_take(record); --records)
      bookkeeper_.take(record);
    if (!bookkeeper_.has_rows()) return;
    const Rows rows = bookkeeper_.take_rows();
    replay_.take(rows);
    verifier_.take(rows);
  }

  TimePoint now_{1h};
  std::shared_ptr<Channel> channel_ = std::make_shared<Channel>(256);
  RecordedLedger ledger_{channel_, now_};
  Bookkeeper bookkeeper_{test_run(), Privacy{}, Anchor{now_, kWallUs}};
  Replay replay_;
  MemoryVerifier verifier_;
};

const std::vector<std::function<void(SmallWorld&)>>& steps() {
  static const std::vector<std::function<void(SmallWorld&)>> kSteps{
      [](SmallWorld& world) { world.acquire(1, "A", 1); },
      [](SmallWorld& world) { world.acquire(1, "B", 2); },
      [](SmallWorld& world) { world.acquire(2, "A", 1); },
      [](SmallWorld& world) { world.acquire(2, "B", 1); },
      [](SmallWorld& world) { world.ledger().release(world.now(), 1, "A"); },
      [](SmallWorld& world) { world.ledger().remove_peer(world.now(), 1, Cause::kForced); },
      [](SmallWorld& world) {
        world.restore(1, {{"A", 1}});
      },
      [](SmallWorld& world) {
        world.restore(2, {{"A", 2}, {"B", 1}});
      },
      [](SmallWorld& world) { world.pass(100ms); },
      [](SmallWorld& world) { world.limit(0); },
      [](SmallWorld& world) { world.limit(2); },
      [](SmallWorld& world) { world.ledger().configure(world.now(), {}); },
      [](SmallWorld& world) { world.ledger().pause("A"); },
      [](SmallWorld& world) { world.ledger().resume(world.now(), "A"); },
  };
  return kSteps;
}

TEST(SmallJournals, EqualTheLedgerAfterEveryStepOfEveryShortStory) {
  const std::size_t depth = testing::environment_number("THROTTLE_JOURNAL_DEPTH").value_or(4);
  std::vector<std::size_t> story(depth, 0);
  for (;;) {
    SmallWorld world;
    world.settle(SmallWorld::Batches::kOne);
    std::string told;
    for (const std::size_t step : story) {
      told += std::to_string(step) + " ";
      steps()[step](world);
      world.settle(step % 2 == 0 ? SmallWorld::Batches::kOne : SmallWorld::Batches::kTwo);
      ASSERT_EQ(world.difference(), "") << "steps " << told;
    }
    ASSERT_EQ(world.verdict(), "") << "steps " << told;
    std::size_t place = 0;
    while (place < depth && ++story[place] == steps().size())
      story[place++] = 0;
    if (place == depth) return;
  }
}

}  // namespace
}  // namespace throttle::journal
