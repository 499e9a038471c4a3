// The terminal is a pipe here, so that a test can be a slow reader, or none.
#include <array>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "libthrottle/telemetry/terminal_sink.h"

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class TerminalSinkTest : public ::testing::Test {
 protected:
  TerminalSinkTest() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~TerminalSinkTest() override {
    close_reader();
    close_writer();
  }

  std::unique_ptr<TerminalSink> make_sink(LineFormat format = LineFormat::kText,
                                          std::chrono::milliseconds farewell = 60s) const {
    return std::make_unique<TerminalSink>(
        TerminalSink::Options{.format = format, .descriptor = ends_[1], .farewell = farewell});
  }

  std::unique_ptr<TerminalSink> make_journal_sink() const {
    return std::make_unique<TerminalSink>(
        TerminalSink::Options{.to_journal = true, .descriptor = ends_[1]});
  }

  // Waits for the next line.
  std::string read_line() {
    std::size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) {
      std::array<char, 4096> part{};
      const ssize_t bytes = read(ends_[0], part.data(), part.size());
      if (bytes <= 0) return std::exchange(unread_, {});
      unread_.append(part.data(), static_cast<std::size_t>(bytes));
    }
    std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return line;
  }

  void close_reader() { close_once(ends_[0]); }
  void close_writer() { close_once(ends_[1]); }

 private:
  static void close_once(int& descriptor) {
    if (descriptor >= 0) close(std::exchange(descriptor, -1));
  }

  std::array<int, 2> ends_{};
  std::string unread_;
};

constexpr WallTime kTime(1783333830s + 7ms);

TEST_F(TerminalSinkTest, WritesPrioritiesForTheJournalInsteadOfTimes) {
  const auto sink = make_journal_sink();
  sink->accept({.level = Level::kWarn, .target = "app", .message = "low on descriptors"});
  EXPECT_EQ(read_line(), "<4>app: low on descriptors");
}

TEST_F(TerminalSinkTest, WritesALineForPeople) {
  const Field field("address", "127.0.0.1:8000");
  make_sink()->accept(
      {.time = kTime, .target = "app", .message = "listening", .fields = {&field, 1}});
  EXPECT_EQ(read_line(), "[2026-07-06T10:30:30Z INFO  app] listening address=127.0.0.1:8000");
}

TEST_F(TerminalSinkTest, NamesTheLevelsAsEnvLoggerDoes) {
  auto sink = make_sink();
  for (const Level level :
       {Level::kError, Level::kWarn, Level::kInfo, Level::kDebug, Level::kTrace})
    sink->accept({.time = kTime, .level = level, .target = "t", .message = "m"});
  for (const char* level : {"ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"})
    EXPECT_EQ(read_line(), std::string("[2026-07-06T10:30:30Z ") + level + " t] m");
}

TEST_F(TerminalSinkTest, WritesALineForMachines) {
  const std::array<Field, 2> fields = {{{"semaphore", "a \"b\"\n\xff"}, {"count", 3}}};
  make_sink(LineFormat::kJson)
      ->accept({.time = kTime,
                .level = Level::kWarn,
                .target = "ledger",
                .message = "%v unknown {} semaphore",
                .fields = fields});
  EXPECT_EQ(nlohmann::json::parse(read_line()),
            nlohmann::json({{"time", "2026-07-06T10:30:30.007Z"},
                            {"level", "WARN"},
                            {"target", "ledger"},
                            {"message", "%v unknown {} semaphore"},
                            {"semaphore", "a \"b\"\n\xef\xbf\xbd"},
                            {"count", 3}}));
}

TEST_F(TerminalSinkTest, CutsWhatIsFarTooLong) {
  const std::string text(1'000'000, 'x');
  make_sink()->accept({.time = kTime, .target = "app", .message = text});
  const std::string line = read_line();
  EXPECT_THAT(line, EndsWith("x… (truncated)"));
  EXPECT_LT(line.size(), TerminalSink::kTextBytes + 100);
}

TEST_F(TerminalSinkTest, WritesAllThatIsQueuedBeforeItGoes) {
  auto sink = make_sink();
  for (int i = 0; i < 500; ++i)
    sink->accept({.time = kTime, .target = "app", .message = std::to_string(i)});
  sink.reset();
  close_writer();
  for (int i = 0; i < 500; ++i)
    EXPECT_THAT(read_line(), EndsWith("app] " + std::to_string(i)));
  EXPECT_EQ(read_line(), "");
}

TEST_F(TerminalSinkTest, AReaderThatWentAwayNeitherKillsNorBlocks) {
  auto sink = make_sink();
  close_reader();
  for (int i = 0; i < 100; ++i)
    sink->accept({.time = kTime, .target = "app", .message = "nobody reads this"});
  while (sink->lost() < 100)
    std::this_thread::yield();
  EXPECT_EQ(sink->lost(), 100U);
}

TEST_F(TerminalSinkTest, AStuckTerminalKeepsTheNewestLinesAndIsToldHowManyWereLost) {
  constexpr int kLines = 20'000;
  auto sink = make_sink();
  for (int i = 0; i < kLines; ++i)
    sink->accept({.time = kTime, .target = "app", .message = std::to_string(i)});
  const std::string last = "app] " + std::to_string(kLines - 1);
  std::uint64_t came = 1;
  while (!read_line().ends_with(last))
    ++came;
  EXPECT_GE(came, TerminalSink::kQueuedLines);
  EXPECT_GT(sink->lost(), 0U);
  EXPECT_GE(came + sink->lost(), kLines);

  sink->accept({.time = kTime, .target = "app", .message = "moving again"});
  EXPECT_EQ(read_line(), "[2026-07-06T10:30:30Z WARN  log] log lines were lost total=" +
                             std::to_string(sink->lost()));
  EXPECT_THAT(read_line(), HasSubstr("moving again"));
}

TEST_F(TerminalSinkTest, AStuckTerminalDoesNotKeepTheProcessFromEnding) {
  constexpr int kLines = 20'000;
  auto sink = make_sink(LineFormat::kText, 0s);
  for (int i = 0; i < kLines; ++i)
    sink->accept({.time = kTime, .target = "app", .message = std::to_string(i)});
  sink.reset();
  // The thread that was left behind goes on as soon as it can.
  const std::string last = "app] " + std::to_string(kLines - 1);
  while (!read_line().ends_with(last)) {
  }
}

}  // namespace
}  // namespace throttle::telemetry
