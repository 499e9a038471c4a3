// The fixture's parts; queries go through SQLite directly, so a test sees what others would see.
#include "tests/journal/journal_fixture.h"

#include <chrono>
#include <sqlite3.h>
#include <thread>

namespace throttle::journal {

using namespace std::chrono_literals;

Run test_run(std::uint64_t id) {
  return {.id = id, .tool = "throttle-test", .version = "1.2.3", .host = "host", .pid = 42};
}

WriterOptions test_options(const std::string& path) {
  WriterOptions options;
  options.settings.path = path;
  options.settings.name = "test";
  options.settings.commit_every = 5ms;
  options.settings.free_bytes = 0;
  options.run = test_run();
  options.started = options.clock->steady();
  return options;
}

bool wait_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 20'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

std::vector<std::string> query(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  std::vector<std::string> rows;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  int code = SQLITE_DONE;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::string row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      if (i > 0) row += '|';
      const auto* const text = sqlite3_column_text(statement, i);
      row += text == nullptr ? "NULL" : reinterpret_cast<const char*>(text);
    }
    rows.push_back(row);
  }
  EXPECT_EQ(code, SQLITE_DONE) << sqlite3_errmsg(database);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return rows;
}

std::string value(const std::string& path, const std::string& sql) {
  const auto rows = query(path, sql);
  return rows.empty() ? "no row" : rows.front();
}

RecordedLedger::RecordedLedger(std::shared_ptr<Channel> channel, TimePoint start,
                               const Recorder::Options& options, std::int64_t wall_ms)
    : ledger_({.seed = static_cast<std::uint64_t>(wall_ms), .start = start, .wall_ms = wall_ms}),
      recorder_(std::move(channel), ledger_, options) {}

void RecordedLedger::configure(TimePoint now, const std::vector<SemaphoreSettings>& settings) {
  ledger_.configure(now, settings);
  settle();
}

void RecordedLedger::settle() {
  recorder_.observe(ledger_.events());
  ledger_.clear_events();
}

void RecordedLedger::catch_up(TimePoint now) {
  while (recorder_.is_catching_up())
    recorder_.catch_up(now);
}

}  // namespace throttle::journal
