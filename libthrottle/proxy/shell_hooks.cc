// How a hook becomes a process: its environment, its output line by line, its exit as a verdict.
#include "libthrottle/proxy/shell_hooks.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/process.h"

namespace throttle::proxy {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

void add_client(const Activation& activation, Variables& variables) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  const auto waited_ms = duration_cast<milliseconds>(activation.waited).count();
  variables.emplace_back("THROTTLE_CLIENT_ADDRESS", activation.client.ip.to_string());
  variables.emplace_back("THROTTLE_CLIENT_PORT", std::to_string(activation.client.port));
  variables.emplace_back("THROTTLE_WAITED_MS", std::to_string(waited_ms));
  variables.emplace_back("THROTTLE_QUEUED", std::to_string(activation.queued));
}

}  // namespace

// One command that runs.
class ShellHooks::Shell final : public Run, uv::Process::Receiver {
 public:
  Shell(const HookCall& call, Listener& listener, Leftovers& leftovers)
      : call_(call), listener_(listener), leftovers_(leftovers) {}

  Result<void> start(uv::Loop& loop, const uv::Command& command) {
    auto process = uv::Process::spawn(loop, command, *this);
    if (!process) return tl::unexpected(std::move(process.error()));
    process_ = *std::move(process);
    return {};
  }

 private:
  void on_line(uv::Process::Output, std::string_view line) noexcept override {
    listener_.on_line(line);
  }
  void on_exit(const uv::ProcessExit& exit) noexcept override {
    THROTTLE_CHECK(process_.has_value());
    leftovers_.add(call_, *std::exchange(process_, std::nullopt));
    if (exit.succeeded()) return listener_.on_ended({});
    const std::string what = std::string("the ").append(name_of(call_.kind)).append(" command ");
    listener_.on_ended(fail(ErrorCode::kUnavailable, what + exit.text()));
  }

  HookCall call_;
  Listener& listener_;
  Leftovers& leftovers_;
  std::optional<uv::Process> process_;
};

ShellHooks::ShellHooks(uv::Loop& loop, const Settings& settings, Leftovers::Receiver& receiver)
    : loop_(loop), settings_(settings), leftovers_(receiver) {}

const std::string& ShellHooks::command_of(HookKind kind) const noexcept {
  const Hooks& hooks = settings_.hooks;
  switch (kind) {
    case HookKind::kBeforeActivate:
      return hooks.before_activate;
    case HookKind::kOnTimeout:
      return hooks.on_timeout;
    case HookKind::kRecycle:
      return hooks.recycle;
    case HookKind::kReady:
      break;
  }
  return hooks.ready;
}

Result<std::unique_ptr<HookRunner::Run>> ShellHooks::start(const HookCall& call,
                                                           Listener& listener) {
  THROTTLE_CHECK(wants(call.kind));
  Variables variables{{"THROTTLE_PROXY", settings_.name},
                      {"THROTTLE_UPSTREAM", settings_.upstream.to_string()},
                      {"THROTTLE_ACTIVATION", std::to_string(call.activation.number)},
                      {"THROTTLE_TIMED_OUT", call.timed_out ? "1" : "0"}};
  if (has_client(call.kind)) add_client(call.activation, variables);
  auto shell = std::make_unique<Shell>(call, listener, leftovers_);
  const auto started =
      shell->start(loop_, {.line = command_of(call.kind), .environment = std::move(variables)});
  if (!started) return tl::unexpected(started.error());
  return shell;
}

}  // namespace throttle::proxy
