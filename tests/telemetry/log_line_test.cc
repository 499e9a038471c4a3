// Lines of files and of the journal.
#include "libthrottle/telemetry/log_line.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kTime(1783333830s + 7ms);

TEST(LogLine, OfAFileHasTheTimeTheLevelAndTheTarget) {
  const Field field("address", "127.0.0.1:8000");
  EXPECT_EQ(
      file_line({.time = kTime, .target = "app", .message = "listening", .fields = {&field, 1}}),
      "[2026-07-06T10:30:30Z INFO  app] listening address=127.0.0.1:8000\n");
  EXPECT_EQ(file_line({.time = kTime, .level = Level::kError, .target = "t", .message = "m"}),
            "[2026-07-06T10:30:30Z ERROR t] m\n");
}

TEST(LogLine, OfTheJournalHasItsPriorityAndNoTime) {
  const std::array<std::pair<Level, std::string>, 5> expected = {{{Level::kError, "<3>"},
                                                                  {Level::kWarn, "<4>"},
                                                                  {Level::kInfo, "<6>"},
                                                                  {Level::kDebug, "<7>"},
                                                                  {Level::kTrace, "<7>"}}};
  for (const auto& [level, prefix] : expected)
    EXPECT_EQ(journal_line({.time = kTime, .level = level, .target = "app", .message = "m"}),
              prefix + "app: m\n");
}

TEST(LogLine, StaysOneLineWhateverAClientSends) {
  const Field field("label", "x\n<3>forged");
  const std::string line =
      journal_line({.level = Level::kInfo, .target = "app", .message = "m", .fields = {&field, 1}});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

}  // namespace
}  // namespace throttle::telemetry
