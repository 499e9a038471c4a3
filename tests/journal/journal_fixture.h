// A journal in a folder of its own, a clock in hand, and a ledger whose events it records.
// Threads: the test's; the writer has its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/journal/recorder.h"
#include "libthrottle/journal/writer.h"
#include "tests/testing/temporary_folder.h"

namespace throttle::journal {

// Both clocks stand still until a test turns them. It is read by the writer's thread too.
class FakeClock final : public JournalClock {
 public:
  TimePoint steady() const noexcept override { return TimePoint(Duration(steady_.load())); }
  std::int64_t wall_us() const noexcept override { return (steady_ + ahead_) / 1000; }
  // Both go on, at once.
  void advance(Duration span) { steady_ += span.count(); }
  void step_wall(Duration span) { ahead_ += span.count(); }

 private:
  std::atomic<std::int64_t> steady_{3'600'000'000'000};
  std::atomic<std::int64_t> ahead_{1'763'996'400'000'000'000};  // of the wall clock, in ns
};

Run test_run(std::uint64_t id = 1);

// Options of a writer that commits as soon as it can.
WriterOptions test_options(const std::string& path);

// Waits, at most 20 s, until `condition` holds.
bool wait_until(const std::function<bool()>& condition);

// The rows of a query on a file, each column as text ("NULL" for NULL), joined by '|'.
std::vector<std::string> query(const std::string& path, const std::string& sql);
// The first column of the first row.
std::string value(const std::string& path, const std::string& sql);

// Records a ledger that a test drives by hand.
class RecordedLedger {
 public:
  explicit RecordedLedger(std::shared_ptr<Channel> channel, TimePoint start,
                          const Recorder::Options& options = {}, std::int64_t wall_ms = 1'000'000);

  LeaseLedger& ledger() { return ledger_; }
  Recorder& recorder() { return recorder_; }
  void configure(TimePoint now, const std::vector<SemaphoreSettings>& settings);
  // Hands the events of the operations since the last call to the recorder.
  void settle();
  // Walks on after a gap, until there is nothing left to find.
  void catch_up(TimePoint now);

 private:
  LeaseLedger ledger_;
  Recorder recorder_;
};

}  // namespace throttle::journal
