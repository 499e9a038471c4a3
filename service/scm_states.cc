// The machine and its table of allowed steps:
//
//   START_PENDING -> RUNNING, STOP_PENDING, STOPPED (could not start)
//   RUNNING       -> PAUSE_PENDING, STOP_PENDING, STOPPED (died)
//   PAUSE_PENDING -> PAUSED, STOP_PENDING, STOPPED
//   PAUSED        -> CONTINUE_PENDING, STOP_PENDING, STOPPED
//   CONTINUE_PENDING -> RUNNING, STOP_PENDING, STOPPED
//   STOP_PENDING  -> STOPPED
//
// move_to() alone changes the state. A stop during START_PENDING is taken although none is accepted
// then: Wine delivers it, and a service that lost it would run on after `sc stop`.
#include "service/scm_states.h"

#include "libthrottle/core/check.h"

namespace throttle::service {

namespace {

constexpr std::uint32_t kServiceSpecificError = 1066;
constexpr std::uint32_t kStartHintMs = 10'000;
constexpr std::uint32_t kPendingHintMs = 5'000;

bool is_pending(ScmState state) {
  return state == ScmState::kStartPending || state == ScmState::kStopPending ||
         state == ScmState::kContinuePending || state == ScmState::kPausePending;
}

bool may_follow(ScmState from, ScmState to) {
  using enum ScmState;
  if (from == kStopped) return false;
  if (to == kStopped) return true;
  if (to == kStopPending) return from != kStopPending;
  switch (from) {
    case kStartPending:
    case kContinuePending:
      return to == kRunning;
    case kRunning:
      return to == kPausePending;
    case kPausePending:
      return to == kPaused;
    case kPaused:
      return to == kContinuePending;
    default:
      return false;
  }
}

ScmReport report_of(ScmState state) {
  ScmReport report{.state = state};
  const bool accepts = state != ScmState::kStartPending && state != ScmState::kStopPending &&
                       state != ScmState::kStopped;
  if (accepts) report.accepts = kAcceptedControls;
  if (is_pending(state)) {
    report.checkpoint = 1;
    report.wait_hint_ms = state == ScmState::kStartPending ? kStartHintMs : kPendingHintMs;
  }
  return report;
}

constexpr ScmVerdict kRefused{.answer = ScmAnswer::kNotNow, .report = {}};

}  // namespace

std::optional<ScmReport> ScmStates::move_to(ScmState next) {
  THROTTLE_CHECK(may_follow(report_.state, next));
  report_ = report_of(next);
  return report_;
}

bool ScmStates::is_up() const {
  return report_.accepts != 0;
}

ScmVerdict ScmStates::on_stop(ScmRequest request) {
  if (!may_follow(state(), ScmState::kStopPending)) return kRefused;
  stop_was_asked_ = true;
  return {.request = request, .report = move_to(ScmState::kStopPending)};
}

ScmVerdict ScmStates::on_control(std::uint32_t number) {
  switch (number) {
    case control::kInterrogate:
      return {.report = {}};
    case control::kStop:
      return on_stop(ScmRequest::kStop);
    case control::kShutdown:
    case control::kPreshutdown:
      return on_stop(ScmRequest::kStopAtShutdown);
    case control::kStopNow: {
      const bool settled = state() == ScmState::kRunning || state() == ScmState::kPaused;
      return settled ? on_stop(ScmRequest::kStopNow) : kRefused;
    }
    case control::kParamChange:
      if (!is_up()) return kRefused;
      return {.request = ScmRequest::kReload, .report = {}};
    case control::kPause:
      if (state() == ScmState::kPaused) return {.report = {}};
      if (state() != ScmState::kRunning) return kRefused;
      return {.request = ScmRequest::kPause, .report = move_to(ScmState::kPausePending)};
    case control::kContinue:
      if (state() == ScmState::kRunning) return {.report = {}};
      if (state() != ScmState::kPaused) return kRefused;
      return {.request = ScmRequest::kResume, .report = move_to(ScmState::kContinuePending)};
    default:
      return {.answer = ScmAnswer::kNotImplemented, .report = {}};
  }
}

std::optional<ScmReport> ScmStates::on_step() {
  return state() == ScmState::kStartPending ? on_tick() : std::nullopt;
}

std::optional<ScmReport> ScmStates::on_ready() {
  if (state() != ScmState::kStartPending) return std::nullopt;
  return move_to(ScmState::kRunning);
}

std::optional<ScmReport> ScmStates::on_paused() {
  if (state() == ScmState::kRunning) move_to(ScmState::kPausePending);
  if (state() != ScmState::kPausePending) return std::nullopt;
  return move_to(ScmState::kPaused);
}

std::optional<ScmReport> ScmStates::on_continued() {
  if (state() == ScmState::kPaused) move_to(ScmState::kContinuePending);
  if (state() != ScmState::kContinuePending) return std::nullopt;
  return move_to(ScmState::kRunning);
}

std::optional<ScmReport> ScmStates::on_stopping() {
  if (!may_follow(state(), ScmState::kStopPending)) return std::nullopt;
  return move_to(ScmState::kStopPending);
}

std::optional<ScmReport> ScmStates::on_tick() {
  if (!is_pending(state())) return std::nullopt;
  ++report_.checkpoint;
  return report_;
}

ScmReport ScmStates::on_ended(ScmOutcome outcome) {
  move_to(ScmState::kStopped);
  if (outcome != ScmOutcome::kDone && !stop_was_asked_) {
    report_.exit_code = kServiceSpecificError;
    report_.specific_code = static_cast<std::uint32_t>(outcome);
  }
  return report_;
}

}  // namespace throttle::service
