// Every control in every state, and every piece of news in every state, against the tables.
#include "service/scm_states.h"

#include <array>
#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::service {
namespace {

using enum ScmState;

constexpr std::array<ScmState, 7> kStates = {
    kStopped, kStartPending, kStopPending, kRunning, kContinuePending, kPausePending, kPaused};

ScmStates in(ScmState state) {
  ScmStates states;
  if (state == kStartPending) return states;
  if (state == kStopped) {
    states.on_ended(ScmOutcome::kDone);
    return states;
  }
  states.on_ready();
  if (state == kStopPending) states.on_stopping();
  if (state == kPausePending) states.on_control(control::kPause);
  if (state == kPaused || state == kContinuePending) states.on_paused();
  if (state == kContinuePending) states.on_control(control::kContinue);
  EXPECT_EQ(states.state(), state);
  return states;
}

constexpr auto kNo = ScmAnswer::kNotNow;
constexpr auto kYes = ScmAnswer::kDone;

struct Expected {
  ScmAnswer answer;
  ScmRequest request = ScmRequest::kNone;
  ScmState after = kStopped;  // the state reported at once; kStopped: none
};

bool operator==(const ScmVerdict& verdict, const Expected& expected) {
  return verdict.answer == expected.answer && verdict.request == expected.request &&
         verdict.report.has_value() == (expected.after != kStopped) &&
         (!verdict.report || verdict.report->state == expected.after);
}

using Row = std::map<ScmState, Expected>;

void expect_row(std::uint32_t number, const Row& row) {
  for (const ScmState state : kStates) {
    ScmStates states = in(state);
    const ScmVerdict verdict = states.on_control(number);
    const auto expected = row.contains(state) ? row.at(state) : Expected{kNo};
    EXPECT_TRUE(verdict == expected)
        << "control " << number << " in state " << static_cast<std::uint32_t>(state);
    const ScmState after = expected.after == kStopped ? state : expected.after;
    EXPECT_EQ(states.state(), after);
  }
}

TEST(ScmStates, AStopIsTakenInEveryStateInWhichSomethingRuns) {
  const auto stops = [](ScmRequest request) {
    Row row;
    for (const ScmState state : {kStartPending, kRunning, kContinuePending, kPausePending, kPaused})
      row[state] = {kYes, request, kStopPending};
    return row;
  };
  expect_row(control::kStop, stops(ScmRequest::kStop));
  expect_row(control::kShutdown, stops(ScmRequest::kStopAtShutdown));
  expect_row(control::kPreshutdown, stops(ScmRequest::kStopAtShutdown));
}

TEST(ScmStates, AnImmediateStopIsTakenOnlyWhileItRunsOrIsPaused) {
  expect_row(control::kStopNow, {{kRunning, {kYes, ScmRequest::kStopNow, kStopPending}},
                                 {kPaused, {kYes, ScmRequest::kStopNow, kStopPending}}});
}

TEST(ScmStates, AReloadLeavesTheStateAlone) {
  Row row;
  for (const ScmState state : {kRunning, kContinuePending, kPausePending, kPaused})
    row[state] = {kYes, ScmRequest::kReload};
  expect_row(control::kParamChange, row);
}

TEST(ScmStates, PauseAndContinue) {
  expect_row(control::kPause,
             {{kRunning, {kYes, ScmRequest::kPause, kPausePending}}, {kPaused, {kYes}}});
  expect_row(control::kContinue,
             {{kPaused, {kYes, ScmRequest::kResume, kContinuePending}}, {kRunning, {kYes}}});
}

TEST(ScmStates, InterrogateIsAlwaysAnsweredAndOthersAreUnknown) {
  for (const ScmState state : kStates) {
    EXPECT_EQ(in(state).on_control(control::kInterrogate).answer, kYes);
    for (const std::uint32_t number : {0U, 7U, 14U, 16U, 127U, 129U, 255U, 4'000'000'000U})
      EXPECT_EQ(in(state).on_control(number).answer, ScmAnswer::kNotImplemented);
  }
}

using News = std::optional<ScmReport> (ScmStates::*)();

void expect_news(News news, const std::map<ScmState, ScmState>& moves) {
  for (const ScmState state : kStates) {
    ScmStates states = in(state);
    const auto report = (states.*news)();
    EXPECT_EQ(report.has_value(), moves.contains(state)) << static_cast<std::uint32_t>(state);
    EXPECT_EQ(states.state(), moves.contains(state) ? moves.at(state) : state);
  }
}

TEST(ScmStates, NewsMoveOnlyTheStateThatWaitsForThem) {
  expect_news(&ScmStates::on_step, {{kStartPending, kStartPending}});
  expect_news(&ScmStates::on_ready, {{kStartPending, kRunning}});
  expect_news(&ScmStates::on_paused, {{kPausePending, kPaused}, {kRunning, kPaused}});
  expect_news(&ScmStates::on_continued, {{kContinuePending, kRunning}, {kPaused, kRunning}});
  expect_news(&ScmStates::on_stopping, {{kStartPending, kStopPending},
                                        {kRunning, kStopPending},
                                        {kContinuePending, kStopPending},
                                        {kPausePending, kStopPending},
                                        {kPaused, kStopPending}});
}

TEST(ScmStates, TicksCountCheckpointsWhileAStateIsPending) {
  for (const ScmState state : kStates) {
    ScmStates states = in(state);
    const std::uint32_t hint = state == kStartPending ? 10'000 : 5'000;
    const bool pending = states.report().wait_hint_ms != 0;
    EXPECT_EQ(pending, state != kStopped && state != kRunning && state != kPaused);
    for (std::uint32_t checkpoint = 2; checkpoint < 5; ++checkpoint) {
      const auto report = states.on_tick();
      ASSERT_EQ(report.has_value(), pending);
      if (!pending) continue;
      EXPECT_EQ(report->checkpoint, checkpoint);
      EXPECT_EQ(report->wait_hint_ms, hint);
    }
  }
}

TEST(ScmStates, AcceptsControlsOnlyWhenItCanObeyThem) {
  for (const ScmState state : kStates) {
    const bool none = state == kStopped || state == kStartPending || state == kStopPending;
    EXPECT_EQ(in(state).report().accepts, none ? 0 : kAcceptedControls);
  }
}

TEST(ScmStates, BeginsWithTheFirstCheckpoint) {
  EXPECT_EQ(ScmStates().report(),
            (ScmReport{.state = kStartPending, .checkpoint = 1, .wait_hint_ms = 10'000}));
}

TEST(ScmStates, AFailedStartEndsWithItsSpecificCode) {
  for (const auto outcome :
       {ScmOutcome::kWrongConfiguration, ScmOutcome::kCannotListen, ScmOutcome::kCannotStart}) {
    ScmStates states;
    const ScmReport report = states.on_ended(outcome);
    EXPECT_EQ(report.state, kStopped);
    EXPECT_EQ(report.exit_code, 1066U);
    EXPECT_EQ(report.specific_code, static_cast<std::uint32_t>(outcome));
  }
}

TEST(ScmStates, AStopThatWasAskedForEndsWithoutAnErrorHoweverItWent) {
  ScmStates states = in(kRunning);
  states.on_control(control::kStop);
  EXPECT_EQ(states.on_ended(ScmOutcome::kCannotStart), ScmReport{.state = kStopped});
}

TEST(ScmStates, AStopDuringTheStartIsNotForgotten) {
  ScmStates states;
  EXPECT_EQ(states.on_control(control::kStop).request, ScmRequest::kStop);
  EXPECT_EQ(states.on_ready(), std::nullopt);
  EXPECT_EQ(states.state(), kStopPending);
}

TEST(ScmStatesDeathTest, EndsOnlyOnce) {
  ScmStates states;
  states.on_ended(ScmOutcome::kDone);
  EXPECT_DEATH(states.on_ended(ScmOutcome::kDone), "does not hold");
}

}  // namespace
}  // namespace throttle::service
