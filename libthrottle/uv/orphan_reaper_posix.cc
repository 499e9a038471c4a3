// The system names the child that has ended first without giving it up (WNOWAIT). If that is one of
// the loop's, libuv collects it in the same turn, and the reaper looks again in the next one.
#include <csignal>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <uv.h>

#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/orphan_reaper.h"
#include "libthrottle/uv/signal.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {
namespace {

constexpr pid_t kFirstProcess = 1;

// Nothing if no child has ended.
std::optional<pid_t> next_ended() {
  siginfo_t child{};
  const int status = waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT);
  if (status != 0 || child.si_pid == 0) return std::nullopt;
  return child.si_pid;
}

bool is_child_of(Loop& loop, pid_t pid) {
  struct Search {
    pid_t pid;
    bool found = false;
  } search{.pid = pid};
  const auto look = [](uv_handle_t* handle, void* data) noexcept {
    auto& wanted = *static_cast<Search*>(data);
    if (handle->type != UV_PROCESS) return;
    const auto* process = reinterpret_cast<const uv_process_t*>(handle);
    wanted.found = wanted.found || process->pid == wanted.pid;
  };
  uv_walk(loop.raw(), look, &search);
  return search.found;
}

}  // namespace

struct OrphanReaper::State {
  explicit State(Loop& of)
      : loop(of),
        again(loop, bound<&State::reap>(this)),
        child_ended(Signal::watch(loop, SIGCHLD, bound<&State::reap>(this))) {}

  void reap();

  Loop& loop;
  Timer again;
  Result<Signal> child_ended;  // without descriptors nothing is collected, which does no harm soon
};

void OrphanReaper::State::reap() {
  while (const auto pid = next_ended()) {
    if (is_child_of(loop, *pid)) return again.arm(TimePoint());
    waitpid(*pid, nullptr, WNOHANG);
  }
}

OrphanReaper OrphanReaper::where_needed(Loop& loop) {
  return getpid() == kFirstProcess ? OrphanReaper(loop) : OrphanReaper(std::unique_ptr<State>());
}
OrphanReaper::OrphanReaper(Loop& loop) : state_(std::make_unique<State>(loop)) {
  state_->reap();
}
OrphanReaper::OrphanReaper(std::unique_ptr<State> state) : state_(std::move(state)) {}
OrphanReaper::OrphanReaper(OrphanReaper&&) noexcept = default;
OrphanReaper& OrphanReaper::operator=(OrphanReaper&&) noexcept = default;
OrphanReaper::~OrphanReaper() = default;

}  // namespace throttle::uv
