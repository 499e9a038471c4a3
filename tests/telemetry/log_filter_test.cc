// Filter expressions: levels, targets, precedence, and what a bad one leads to.
#include "libthrottle/telemetry/log_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

LogFilter filter_of(std::string_view spec) {
  ParsedFilter parsed = LogFilter::parse(spec);
  EXPECT_THAT(parsed.warning, IsEmpty()) << spec;
  return std::move(parsed.filter);
}

TEST(LogFilter, ALevelAloneHoldsForEveryTarget) {
  const LogFilter filter = filter_of("INFO");
  EXPECT_EQ(filter.threshold("app"), Level::kInfo);
  EXPECT_EQ(filter.threshold("http"), Level::kInfo);
}

TEST(LogFilter, LevelsAreReadInAnyCaseOfLetters) {
  EXPECT_EQ(filter_of("warn").threshold("app"), Level::kWarn);
  EXPECT_EQ(filter_of("dEbUg").threshold("app"), Level::kDebug);
  EXPECT_EQ(filter_of("app=Trace").threshold("app"), Level::kTrace);
}

TEST(LogFilter, OffSilencesEverything) {
  EXPECT_EQ(filter_of("off").threshold("app"), Level::kOff);
}

TEST(LogFilter, TargetsThatAreNotNamedAreSilentUnlessALevelStandsAlone) {
  const LogFilter named = filter_of("ledger=debug,http=warn");
  EXPECT_EQ(named.threshold("ledger"), Level::kDebug);
  EXPECT_EQ(named.threshold("http"), Level::kWarn);
  EXPECT_EQ(named.threshold("app"), Level::kOff);
  EXPECT_EQ(filter_of("error,ledger=debug").threshold("app"), Level::kError);
}

TEST(LogFilter, TheLongestPrefixOfATargetWinsWhateverTheOrder) {
  for (const char* spec :
       {"http=off,http::server=trace,info", "info,http::server=trace,http=off"}) {
    const LogFilter filter = filter_of(spec);
    EXPECT_EQ(filter.threshold("http"), Level::kOff);
    EXPECT_EQ(filter.threshold("http::client"), Level::kOff);
    EXPECT_EQ(filter.threshold("http::server"), Level::kTrace);
    EXPECT_EQ(filter.threshold("app"), Level::kInfo);
  }
}

TEST(LogFilter, ATargetWithoutALevelPassesWhole) {
  EXPECT_EQ(filter_of("ledger").threshold("ledger"), Level::kTrace);
  EXPECT_EQ(filter_of("ledger=").threshold("ledger"), Level::kTrace);
}

TEST(LogFilter, TheLaterOfTwoEqualDirectivesWins) {
  EXPECT_EQ(filter_of("info,app=warn,error,app=debug").threshold("app"), Level::kDebug);
  EXPECT_EQ(filter_of("info,app=warn,error,app=debug").threshold("http"), Level::kError);
}

TEST(LogFilter, BlanksAndEmptyPartsDoNotMatter) {
  const LogFilter filter = filter_of("  ,warn ,, ledger = debug , ");
  EXPECT_EQ(filter.threshold("app"), Level::kWarn);
  EXPECT_EQ(filter.threshold("ledger"), Level::kDebug);
}

TEST(LogFilter, WithoutAnyDirectiveOnlyErrorsPass) {
  EXPECT_EQ(filter_of("").threshold("app"), Level::kError);
  EXPECT_EQ(filter_of("/semaphore").threshold("app"), Level::kError);
}

TEST(LogFilter, TellsOfALevelThatDoesNotExistAndKeepsTheRest) {
  const ParsedFilter parsed = LogFilter::parse("ledger=loud,http=warn,a=b=c");
  EXPECT_THAT(parsed.warning, HasSubstr("'ledger=loud' is ignored"));
  EXPECT_THAT(parsed.warning, HasSubstr("'a=b=c' is ignored"));
  EXPECT_EQ(parsed.filter.threshold("ledger"), Level::kOff);
  EXPECT_EQ(parsed.filter.threshold("http"), Level::kWarn);
}

TEST(LogFilter, AnUnknownTargetOrLevelKeepsTheDefault) {
  const std::vector<std::string> targets = {"app", "http"};
  const LogFilter::Known known{.fallback = Level::kWarn, .targets = targets};
  for (const char* const spec : {"inof", "htp=debug", "http=debgu", "nonsense,,x=info"}) {
    const ParsedFilter parsed = LogFilter::parse(spec, known);
    EXPECT_EQ(parsed.filter.threshold("http"), Level::kWarn) << spec;
    EXPECT_THAT(parsed.warning, HasSubstr("is ignored")) << spec;
    EXPECT_FALSE(parsed.unknown.empty()) << spec;
  }
  EXPECT_EQ(LogFilter::parse("http=debgu", known).unknown, std::vector<std::string>{"debgu"});
  EXPECT_EQ(LogFilter::parse("app=info,htp", known).filter.threshold("app"), Level::kInfo);
  EXPECT_THAT(LogFilter::parse("ht=info", known).warning, IsEmpty());
}

TEST(LogFilter, AnExpressionHasToBeFoundInTheText) {
  const LogFilter filter = filter_of("info/sem.*=A");
  EXPECT_TRUE(filter.has_expression());
  EXPECT_TRUE(filter.passes("unknown semaphore=A"));
  EXPECT_FALSE(filter.passes("unknown semaphore=B"));
}

TEST(LogFilter, WithoutAnExpressionEveryTextPasses) {
  EXPECT_FALSE(filter_of("info").has_expression());
  EXPECT_TRUE(filter_of("info").passes("anything"));
}

TEST(LogFilter, TellsOfAnExpressionThatIsNoneAndLetsEverythingPass) {
  const ParsedFilter parsed = LogFilter::parse("info/([a-");
  EXPECT_THAT(parsed.warning, HasSubstr("regular expression '([a-' is ignored"));
  EXPECT_EQ(parsed.filter.threshold("app"), Level::kInfo);
  EXPECT_TRUE(parsed.filter.passes("anything"));
}

TEST(LogFilter, ALongTextDoesNotExhaustTheStack) {
  const LogFilter filter = filter_of("info/(a|b)*c");
  EXPECT_FALSE(filter.passes(std::string(1'000'000, 'a')));
}

}  // namespace
}  // namespace throttle::telemetry
