// Suppression and its summaries: by the given time, and by the loop's where nothing else happens.
#include "libthrottle/telemetry/limited_line.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/clock.h"
#include "tests/telemetry/recording_sink.h"
#include "tests/uv/run_guard.h"

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class LimitedLineTest : public testing::Test {
 protected:
  static TimePoint at(std::chrono::seconds since_start) { return TimePoint(since_start); }

  std::vector<std::string> written;
  Logger logger = recording_logger("warn", written);
  uv::Loop loop;
  LimitedLines lines{loop};
  LimitedLine line{lines, logger.target("ledger"), Level::kWarn, "unknown semaphore", 10s};
};

TEST_F(LimitedLineTest, WritesTheFirstAndCountsTheOthers) {
  for (int i = 0; i < 100; ++i)
    line.write(at(1s), {{"semaphore", i}});
  EXPECT_THAT(written, ElementsAre("WARN ledger: unknown semaphore semaphore=0"));
}

TEST_F(LimitedLineTest, SumsUpWhenTheIntervalIsOver) {
  for (int i = 0; i < 100; ++i)
    line.write(at(1s), {{"semaphore", i}});
  EXPECT_EQ(lines.next_deadline(), at(11s));
  written.clear();
  lines.advance(at(10s));
  EXPECT_THAT(written, IsEmpty());
  lines.advance(at(11s));
  EXPECT_THAT(written, ElementsAre("WARN ledger: unknown semaphore suppressed=99 semaphore=99"));
  EXPECT_EQ(lines.next_deadline(), kNever);
}

TEST_F(LimitedLineTest, ASteadyFloodMakesOneLineAnInterval) {
  for (int second = 0; second <= 100; ++second) {
    for (int i = 0; i < 10; ++i)
      line.write(at(std::chrono::seconds(second)), {});
  }
  EXPECT_EQ(written.size(), 11U);
}

TEST_F(LimitedLineTest, NeverCountsALineTwice) {
  line.write(at(0s), {});
  line.write(at(1s), {});
  line.write(at(10s), {});
  lines.advance(at(20s));
  EXPECT_THAT(written, ElementsAre("WARN ledger: unknown semaphore",
                                   "WARN ledger: unknown semaphore suppressed=1",
                                   "WARN ledger: unknown semaphore suppressed=1"));
}

TEST_F(LimitedLineTest, LinesFarApartAreAllWritten) {
  line.write(at(0s), {{"n", 1}});
  line.write(at(10s), {{"n", 2}});
  line.write(at(30s), {{"n", 3}});
  EXPECT_EQ(written.size(), 3U);
  EXPECT_EQ(lines.next_deadline(), kNever);
}

TEST_F(LimitedLineTest, FlushSumsUpAtOnce) {
  line.write(at(0s), {});
  line.write(at(0s), {});
  written.clear();
  lines.flush(at(1s));
  lines.flush(at(2s));
  EXPECT_THAT(written, ElementsAre("WARN ledger: unknown semaphore suppressed=1"));
}

TEST_F(LimitedLineTest, WritesTheFirstOfEachCauseAndTheNewestExampleOfEach) {
  for (int i = 1; i <= 3; ++i) {
    for (const std::string cause : {"full", "unknown"})
      line.write(at(1s), {{"reason", cause + ' ' + std::to_string(i)}}, cause);
  }
  EXPECT_THAT(written, ElementsAre("WARN ledger: unknown semaphore reason=\"full 1\"",
                                   "WARN ledger: unknown semaphore reason=\"unknown 1\""));
  written.clear();
  lines.advance(at(11s));
  EXPECT_THAT(written, ElementsAre("WARN ledger: unknown semaphore suppressed=2 reason=\"full 3\"",
                                   "WARN ledger: unknown semaphore suppressed=2 "
                                   "reason=\"unknown 3\""));
}

TEST_F(LimitedLineTest, CausesBeyondTheMostItKnowsCountAsOne) {
  constexpr std::size_t kMost = LimitedLine::kMostCauses;
  for (std::size_t i = 0; i < kMost + 10; ++i)
    line.write(at(1s), {{"n", i}}, std::to_string(i));
  EXPECT_EQ(written.size(), kMost + 1);
  written.clear();
  lines.advance(at(11s));
  EXPECT_THAT(written, ElementsAre("WARN ledger: unknown semaphore suppressed=9 n=73"));
}

TEST_F(LimitedLineTest, ForgetsCausesThatAreQuietNoMore) {
  for (int second = 0; second < 200; ++second)
    line.write(at(std::chrono::seconds(10 * second)), {}, std::to_string(second));
  EXPECT_EQ(written.size(), 200U);
  EXPECT_EQ(lines.next_deadline(), kNever);
}

// Nobody calls advance() here, and nothing else happens in the process.
TEST_F(LimitedLineTest, IsSummedUpByTheLoopEachTimeItSuppressedSomething) {
  LimitedLine quick(lines, logger.target("http"), Level::kWarn, "refused a request", 20ms);
  for (int round = 1; round <= 2; ++round) {
    while (lines.next_deadline() == kNever)
      quick.write(uv::now(), {});
    const TimePoint give_up = uv::now() + uv::kPatience;
    while (lines.next_deadline() != kNever && uv::now() < give_up)
      uv::run_briefly(loop, 1ms);
    EXPECT_EQ(written.back(), "WARN http: refused a request suppressed=1");
  }
}

TEST_F(LimitedLineTest, TheEarliestOfAllLinesIsDueFirst) {
  LimitedLine other(lines, logger.target("http"), Level::kWarn, "refused a request", 3s);
  for (LimitedLine* const each : {&line, &other}) {
    each->write(at(0s), {});
    each->write(at(0s), {});
  }
  EXPECT_EQ(lines.next_deadline(), at(3s));
  lines.advance(at(3s));
  EXPECT_EQ(lines.next_deadline(), at(10s));
}

}  // namespace
}  // namespace throttle::telemetry
