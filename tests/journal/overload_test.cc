// A writer that is held still, while a hundred thousand events come: nobody waits for it, and what
// found no room is a gap of the right number.
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/journal/verification.h"
#include "tests/journal/faulty_vfs.h"
#include "tests/journal/writer_fixture.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

constexpr int kPeers = 50'000;  // an event when each comes, and one when it goes

class Overload : public WriterFixture {
 protected:
  void open_stuck(WhenBehind when_behind) {
    WriterOptions options = test_options(path);
    options.vfs = FaultyVfs::name();
    options.settings.max_queued = 16'384;
    channel = std::make_shared<Channel>(options.settings.max_queued);
    options.started = now = options.clock->steady();
    auto opened = Writer::open(std::move(options), channel);
    ASSERT_TRUE(opened) << opened.error().message;
    writer = std::move(*opened);
    ledger = std::make_unique<RecordedLedger>(channel, now,
                                              Recorder::Options{.when_behind = when_behind});
    ledger->configure(now, {{.name = "database", .full_count = 5'000}});
    ASSERT_TRUE(wait_until([this] { return channel->size() == 0; }));
    vfs.fail(1, FaultyVfs::Fault::kStuck, FaultyVfs::Length::kForever);
    hold(1);
    ASSERT_TRUE(wait_until([this] { return vfs.is_stuck(); }));
  }
  // Peers come, and the oldest goes when there are too many. As the server does it, the ledger is
  // paused and resumed between two operations.
  void come_and_go(int peers) {
    for (int i = 0; i < peers; ++i) {
      follow_pause();
      now += 10us;
      present.push_back(hold(1));
      if (present.size() <= 4'000) continue;
      ledger->ledger().remove_peer(now, present.front());
      ledger->settle();
      present.pop_front();
    }
  }
  void follow_pause() {
    const bool wanted = ledger->recorder().wants_pause();
    if (wanted == paused) return;
    paused = wanted;
    if (paused)
      ledger->ledger().pause_all();
    else
      ledger->ledger().resume_all(now);
    ledger->settle();
  }
  void recover() {
    vfs.heal();
    ASSERT_TRUE(wait_until([this] {
      if (ledger->recorder().is_catching_up()) ledger->recorder().catch_up(now);
      follow_pause();
      return channel->size() == 0 && !ledger->recorder().is_catching_up() && !paused;
    }));
    hold(1);
    ASSERT_TRUE(
        wait_until([this] { return channel->committed() == ledger->recorder().recorded(); }));
  }
  std::string picture_of_file() {
    return value(path,
                 "SELECT (SELECT ifnull(sum(count), 0) FROM holder) || ' held, ' ||"
                 " (SELECT count(*) FROM waiter) || ' wait'");
  }
  std::string picture_of_ledger() {
    const SemaphoreState state = *ledger->ledger().semaphore("database");
    return std::to_string(state.acquired) + " held, " + std::to_string(state.waiting) + " wait";
  }
  std::string verdict() {
    const auto report = verify_file(path, {});
    if (!report) return report.error().message;
    std::string text;
    for (const Violation& each : report->violations)
      text += std::string(rule_name(each.rule)) + ": " + each.text + "\n";
    return text;
  }

  FaultyVfs vfs;
  std::deque<PeerId> present;
  bool paused = false;
};

TEST_F(Overload, BecomesAGapOfTheRightNumber) {
  open_stuck(WhenBehind::kGap);
  come_and_go(kPeers);
  ASSERT_GT(ledger->recorder().lost(), 70'000U);
  recover();
  EXPECT_EQ(picture_of_file(), picture_of_ledger());
  ASSERT_TRUE(writer->stop(20s));
  EXPECT_EQ(value(path, "SELECT sum(count) FROM event WHERE kind_no = 30"),
            std::to_string(ledger->recorder().lost()));
  EXPECT_EQ(verdict(), "");
}

TEST_F(Overload, UnderPauseLosesNoGrant) {
  open_stuck(WhenBehind::kPause);
  come_and_go(kPeers);
  ASSERT_GT(ledger->recorder().lost(), 10'000U) << "arrivals and departures go on";
  recover();
  EXPECT_EQ(picture_of_file(), picture_of_ledger());
  const std::uint64_t granted = ledger->ledger().semaphore("database")->granted;
  EXPECT_EQ(value(path, "SELECT count(*) FROM event WHERE kind_no = 2"), std::to_string(granted));
  EXPECT_EQ(value(path, "SELECT count(*) FROM detail WHERE json LIKE '%\"granted\"%'"), "0");
  ASSERT_TRUE(writer->stop(20s));
  EXPECT_EQ(verdict(), "");
}

TEST_F(Overload, OfAWriterThatIsStuckForEverHoldsUpNoStop) {
  open_stuck(WhenBehind::kGap);
  come_and_go(20'000);
  EXPECT_FALSE(writer->stop(1ms)) << "it is left behind";
  vfs.heal();
  // The thread that was left behind ends by itself, and with it the lock.
  ASSERT_TRUE(wait_until([this] {
    return Writer::open(test_options(path), std::make_shared<Channel>(100)).has_value();
  }));
}

}  // namespace
}  // namespace throttle::journal
