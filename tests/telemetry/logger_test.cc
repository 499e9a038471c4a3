// From a message with its fields to the records that each sink receives.
#include "libthrottle/telemetry/logger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/telemetry/recording_sink.h"

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class LoggerTest : public ::testing::Test {
 protected:
  std::vector<std::string> lines;
};

TEST_F(LoggerTest, WritesTheMessageWithItsFields) {
  const Logger logger = recording_logger("info", lines);
  logger.target("ledger").warn("unknown semaphore requested",
                               {{"semaphore", std::string("A b")}, {"count", 3}, {"why", "none"}});
  EXPECT_THAT(lines,
              ElementsAre("WARN ledger: unknown semaphore requested semaphore=\"A b\" count=3 "
                          "why=none"));
}

TEST_F(LoggerTest, WritesNumbersOfAnyWidthExactly) {
  const Logger logger = recording_logger("info", lines);
  logger.target("app").info("edges", {{"most", UINT64_MAX},
                                      {"least", INT64_MIN},
                                      {"size", std::size_t{1}},
                                      {"narrow", std::uint16_t{65535}}});
  EXPECT_THAT(lines, ElementsAre("INFO app: edges most=18446744073709551615 "
                                 "least=-9223372036854775808 size=1 narrow=65535"));
}

TEST_F(LoggerTest, LeavesOutWhatIsChattierThanTheTargetsThreshold) {
  const Logger logger = recording_logger("warn,ledger=debug", lines);
  const Log app = logger.target("app");
  const Log ledger = logger.target("ledger");
  app.info("hidden");
  app.error("seen");
  ledger.debug("seen");
  ledger.trace("hidden");
  EXPECT_FALSE(app.enabled(Level::kInfo));
  EXPECT_TRUE(app.enabled(Level::kWarn));
  EXPECT_TRUE(ledger.enabled(Level::kDebug));
  EXPECT_THAT(lines, ElementsAre("ERROR app: seen", "DEBUG ledger: seen"));
}

TEST_F(LoggerTest, AnnouncesAlsoWhereTheFilterKeepsLinesBack) {
  for (const std::string_view filter : {"off", "error", "ledger=trace", "info/no such text"}) {
    std::vector<std::string> others;
    std::vector<Logger::Outlet> outlets;
    outlets.push_back(
        {LogFilter::parse(filter).filter, std::make_unique<RecordingSink>(lines), true});
    outlets.push_back({LogFilter(Level::kInfo), std::make_unique<RecordingSink>(others)});
    outlets.push_back({LogFilter(Level::kError), std::make_unique<RecordingSink>(others)});
    const Logger logger(std::move(outlets));
    logger.target("app").info("hidden");
    logger.target("app").announce("ready", {{"port", 1}});
    EXPECT_THAT(lines, ElementsAre("INFO app: ready port=1")) << filter;
    EXPECT_THAT(others, ElementsAre("INFO app: hidden", "INFO app: ready port=1"));
    lines.clear();
  }
  Log().announce("nobody listens");
}

TEST_F(LoggerTest, EveryOutletHasItsOwnFilter) {
  std::vector<std::string> errors;
  std::vector<Logger::Outlet> outlets;
  outlets.push_back({LogFilter(Level::kInfo), std::make_unique<RecordingSink>(lines)});
  outlets.push_back({LogFilter(Level::kError), std::make_unique<RecordingSink>(errors)});
  const Logger logger(std::move(outlets));
  logger.target("app").info("one");
  logger.target("app").error("two");
  EXPECT_THAT(lines, ElementsAre("INFO app: one", "ERROR app: two"));
  EXPECT_THAT(errors, ElementsAre("ERROR app: two"));
}

TEST_F(LoggerTest, AnExpressionLooksAtFieldsToo) {
  const Logger logger = recording_logger("info/semaphore=A$", lines);
  logger.target("app").info("unknown semaphore", {{"semaphore", "A"}});
  logger.target("app").info("unknown semaphore", {{"semaphore", "B"}});
  EXPECT_THAT(lines, ElementsAre("INFO app: unknown semaphore semaphore=A"));
}

TEST_F(LoggerTest, StampsARecordWithTheClockItWasGiven) {
  auto sink = std::make_unique<RecordingSink>(lines);
  const RecordingSink& recorded = *sink;
  std::vector<Logger::Outlet> outlets;
  outlets.push_back({LogFilter(Level::kInfo), std::move(sink)});
  const Logger logger(std::move(outlets), [] { return WallTime(1234s); });
  logger.target("app").info("now");
  EXPECT_EQ(recorded.stamp, WallTime(1234s));
}

TEST(Log, ADefaultOneSaysNothing) {
  const Log log;
  log.error("nobody hears this");
  EXPECT_FALSE(log.enabled(Level::kError));
}

TEST(Level, NamesAndTextsAgree) {
  for (const Level level :
       {Level::kOff, Level::kError, Level::kWarn, Level::kInfo, Level::kDebug, Level::kTrace}) {
    EXPECT_EQ(parse_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_level("verbose"), std::nullopt);
  EXPECT_EQ(parse_level("INFOS"), std::nullopt);
  EXPECT_EQ(parse_level(""), std::nullopt);
}

}  // namespace
}  // namespace throttle::telemetry
