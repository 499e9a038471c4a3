// The states of a service under Windows' Service Control Manager (SCM), as a pure machine:
// controls, news of the application and ticks go in; reports for SetServiceStatus and requests to
// the application come out.
//
// A report is always the whole present status, so that a caller of the SCM never reads an old one:
// a control that changes the state yields its pending report at once, before the application has
// done anything. Numbers are those of winsvc.h, so that this compiles and is tested everywhere.
// Threads: one at a time; the owner holds a mutex around it and SetServiceStatus.
#pragma once

#include <cstdint>
#include <optional>

namespace throttle::service {

enum class ScmState : std::uint32_t {
  kStopped = 1,
  kStartPending = 2,
  kStopPending = 3,
  kRunning = 4,
  kContinuePending = 5,
  kPausePending = 6,
  kPaused = 7,
};

// Numbers of controls. kStopNow is our own.
namespace control {
inline constexpr std::uint32_t kStop = 1;
inline constexpr std::uint32_t kPause = 2;
inline constexpr std::uint32_t kContinue = 3;
inline constexpr std::uint32_t kInterrogate = 4;
inline constexpr std::uint32_t kShutdown = 5;
inline constexpr std::uint32_t kParamChange = 6;
inline constexpr std::uint32_t kPreshutdown = 15;
inline constexpr std::uint32_t kStopNow = 128;
}  // namespace control

// What a control handler returns.
enum class ScmAnswer : std::uint32_t {
  kDone = 0,              // NO_ERROR
  kNotImplemented = 120,  // ERROR_CALL_NOT_IMPLEMENTED
  kNotNow = 1061,         // ERROR_SERVICE_CANNOT_ACCEPT_CTRL
};

// STOP, SHUTDOWN, PRESHUTDOWN, PAUSE_CONTINUE and PARAMCHANGE.
inline constexpr std::uint32_t kAcceptedControls = 0x10F;

// How a service ended; the numbers beyond 20000 are its service-specific exit codes.
enum class ScmOutcome : std::uint32_t {
  kDone = 0,
  kWrongConfiguration = 20001,
  kCannotListen = 20002,
  kCannotStart = 20003,
};

// SERVICE_STATUS, except for the service type.
struct ScmReport {
  ScmState state = ScmState::kStartPending;
  std::uint32_t accepts = 0;
  std::uint32_t exit_code = 0;  // 0, or ERROR_SERVICE_SPECIFIC_ERROR
  std::uint32_t specific_code = 0;
  std::uint32_t checkpoint = 0;
  std::uint32_t wait_hint_ms = 0;

  bool operator==(const ScmReport&) const = default;
};

enum class ScmRequest : std::uint8_t {
  kNone,
  kStop,            // the orderly stop
  kStopAtShutdown,  // the same with the drain capped: Windows ends soon
  kStopNow,
  kReload,
  kPause,
  kResume,
};

struct ScmVerdict {
  ScmAnswer answer = ScmAnswer::kDone;
  ScmRequest request = ScmRequest::kNone;
  std::optional<ScmReport> report;  // to be made before the handler returns
};

class ScmStates {
 public:
  // The first report, START_PENDING.
  const ScmReport& report() const { return report_; }
  ScmState state() const { return report_.state; }
  bool stop_was_asked() const { return stop_was_asked_; }

  // What the handler has to answer, request and report. Any number may come in any state, also
  // before the application exists: its requests are kept by the owner until then.
  ScmVerdict on_control(std::uint32_t number);

  // News of the application. Each yields a report unless the state has moved on meanwhile: a
  // service that stops does not become ready any more.
  std::optional<ScmReport> on_step();
  std::optional<ScmReport> on_ready();
  std::optional<ScmReport> on_paused();
  std::optional<ScmReport> on_continued();
  // It stops by itself or by another's request, such as a signal.
  std::optional<ScmReport> on_stopping();
  // Every second: the next checkpoint of a pending state.
  std::optional<ScmReport> on_tick();
  // Once, when all that belongs to the application is gone. After a stop that was asked for the
  // code is 0 whatever the outcome: recovery must not restart what an administrator has stopped.
  ScmReport on_ended(ScmOutcome outcome);

 private:
  std::optional<ScmReport> move_to(ScmState next);
  ScmVerdict on_stop(ScmRequest request);
  bool is_up() const;

  ScmReport report_{.checkpoint = 1, .wait_hint_ms = 10'000};
  bool stop_was_asked_ = false;
};

}  // namespace throttle::service
