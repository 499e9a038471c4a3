// Every call into the file system fails in turn, once and for good: the ledger's side never
// notices, nothing that was committed is lost, and the file proves itself afterwards.
//
// THROTTLE_FAULTS=1 tries every single call; otherwise some, spread over all.
#include <gtest/gtest.h>

#include "libthrottle/journal/verification.h"
#include "tests/journal/faulty_vfs.h"
#include "tests/journal/journal_fixture.h"
#include "tests/sim/environment.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;
using Fault = FaultyVfs::Fault;
using Length = FaultyVfs::Length;

std::string verdict(const std::string& path) {
  const auto report = verify_file(path, {});
  if (!report) return report.error().message;
  std::string text;
  for (const Violation& each : report->violations)
    text += std::string(rule_name(each.rule)) + ": " + each.text + "\n";
  return text;
}

class Faults : public ::testing::Test {
 protected:
  // A short life of a server; false if the writer could not even be made.
  bool live(const std::string& path) {
    WriterOptions options = test_options(path);
    options.vfs = FaultyVfs::name();
    options.retry_every = options.open_every = 2ms;
    options.settings.max_bytes = 1 << 20;
    channel = std::make_shared<Channel>(100'000);
    auto opened = Writer::open(options, channel);
    if (!opened) return false;
    writer = std::move(*opened);
    TimePoint now = options.started;
    RecordedLedger ledger(channel, now);
    ledger.configure(now, {{.name = "database", .full_count = 1 << 20}});
    std::uint64_t seen = 0;
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 100; ++i) {
        now += 1ms;
        const auto held = ledger.ledger().enroll(now, {.spec = {}, .semaphore = "database"});
        if (i % 3 != 0) ledger.ledger().remove_peer(now, held.peer);
        ledger.settle();
      }
      // A writer that can write does.
      if (vfs.failures() == seen)
        wait_until([this, &seen] { return channel->size() == 0 || vfs.failures() != seen; });
      seen = vfs.failures();
    }
    recorded = static_cast<Integer>(ledger.recorder().recorded());
    return true;
  }
  std::uint64_t step() const {
    return testing::environment_number("THROTTLE_FAULTS") ? 1 : 1 + total / 8;
  }
  void count_calls() {
    TemporaryFolder folder;
    vfs.heal();
    ASSERT_TRUE(live(folder.file("journal.db")));
    ASSERT_TRUE(writer->stop(10s));
    writer.reset();
    total = vfs.calls();
    ASSERT_GT(total, 50U);
  }

  FaultyVfs vfs;
  std::shared_ptr<Channel> channel;
  std::unique_ptr<Writer> writer;
  std::uint64_t total = 0;
  Integer recorded = 0;
};

TEST_F(Faults, OfOneCallLoseNothing) {
  count_calls();
  for (const Fault fault : {Fault::kFull, Fault::kIoError, Fault::kBusy}) {
    for (std::uint64_t nth = 1; nth <= total; nth += step()) {
      SCOPED_TRACE("call " + std::to_string(nth) + " of " + std::to_string(total) + ", fault " +
                   std::to_string(static_cast<int>(fault)));
      TemporaryFolder folder;
      const std::string path = folder.file("journal.db");
      vfs.fail(nth, fault, Length::kOnce);
      if (!live(path)) continue;  // it was refused: the lock was busy
      ASSERT_TRUE(writer->stop(20s));
      writer.reset();
      EXPECT_EQ(verdict(path), "");
      EXPECT_EQ(value(path, "SELECT count(*) - max(seq) FROM event"), "0");
      EXPECT_EQ(value(path, "SELECT count(*) FROM event WHERE kind_no IN (2, 10)"), "201")
          << "every grant is there";
    }
  }
}

TEST_F(Faults, OfAllCallsNeverStopTheLedgerAndHealWithoutALoss) {
  count_calls();
  for (std::uint64_t nth = 1; nth <= total; nth += 2 * step()) {
    SCOPED_TRACE("from call " + std::to_string(nth) + " of " + std::to_string(total));
    TemporaryFolder folder;
    const std::string path = folder.file("journal.db");
    vfs.fail(nth, Fault::kIoError, Length::kForever);
    if (!live(path)) continue;
    vfs.heal();
    ASSERT_TRUE(wait_until([this] { return channel->size() == 0 && writer->stats().up; }));
    ASSERT_TRUE(writer->stop(20s));
    writer.reset();
    EXPECT_EQ(verdict(path), "");
    EXPECT_EQ(value(path, "SELECT count(*) FROM event WHERE kind_no = 2"), "200");
  }
}

TEST_F(Faults, WithAFullChannelBecomeAGapOfTheRightNumber) {
  TemporaryFolder folder;
  const std::string path = folder.file("journal.db");
  WriterOptions options = test_options(path);
  options.vfs = FaultyVfs::name();
  options.retry_every = options.open_every = 2ms;
  channel = std::make_shared<Channel>(1024);
  auto opened = Writer::open(options, channel);
  ASSERT_TRUE(opened);
  TimePoint now = options.started;
  RecordedLedger ledger(channel, now);
  ledger.configure(now, {{.name = "database", .full_count = 1 << 20}});
  ASSERT_TRUE(wait_until([this] { return channel->size() == 0; }));
  vfs.fail(1, Fault::kFull, Length::kForever);
  std::vector<PeerId> held;
  for (int i = 0; i < 2'000; ++i) {
    now += 1ms;
    held.push_back(ledger.ledger().enroll(now, {.spec = {}, .semaphore = "database"}).peer);
    if (i % 2 == 1) ledger.ledger().remove_peer(now, held[static_cast<std::size_t>(i) / 2]);
    ledger.settle();
  }
  EXPECT_GT(ledger.recorder().lost(), 0U);
  vfs.heal();
  ASSERT_TRUE(wait_until([&] {
    ledger.catch_up(now);
    return channel->size() == 0 && !ledger.recorder().is_catching_up();
  }));
  ASSERT_TRUE((*opened)->stop(20s));
  EXPECT_EQ(verdict(path), "");
  EXPECT_EQ(value(path, "SELECT sum(count) FROM event WHERE kind_no = 30"),
            std::to_string(ledger.recorder().lost()));
  EXPECT_EQ(value(path, "SELECT count(*) FROM event WHERE kind_no = 4 AND cause_no = 9"), "1000")
      << "what is open at the end is what the ledger holds";
}

}  // namespace
}  // namespace throttle::journal
