#include "libthrottle/proxy/shell_hooks.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "libthrottle/proxy/dialer.h"
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

std::string how_it_ended(const uv::ProcessExit& exit) {
  if (exit.signal != 0) return "was killed by signal " + std::to_string(exit.signal);
  return "ended with status " + std::to_string(exit.status);
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
    leftovers_.add(call_, *std::exchange(process_, std::nullopt));
    if (exit.succeeded()) return listener_.on_ended({});
    const std::string what = std::string("the ").append(name_of(call_.kind)).append(" command ");
    listener_.on_ended(fail(ErrorCode::kUnavailable, what + how_it_ended(exit)));
  }

  HookCall call_;
  Listener& listener_;
  Leftovers& leftovers_;
  std::optional<uv::Process> process_;
};

ShellHooks::ShellHooks(uv::Loop& loop, const Settings& settings, Leftovers::Receiver& receiver)
    : loop_(loop), leftovers_(receiver) {
  set_settings(settings);
}

void ShellHooks::set_settings(const Settings& settings) {
  proxy_ = settings.name;
  upstream_ = settings.upstream.to_string();
  hooks_ = settings.hooks;
}

const std::string& ShellHooks::command_of(HookKind kind) const noexcept {
  if (kind == HookKind::kBeforeActivate) return hooks_.before_activate;
  return kind == HookKind::kOnTimeout ? hooks_.on_timeout : hooks_.recycle;
}

Result<std::unique_ptr<HookRunner::Run>> ShellHooks::start(const HookCall& call,
                                                           Listener& listener) {
  Variables variables{{"THROTTLE_PROXY", proxy_},
                      {"THROTTLE_UPSTREAM", upstream_},
                      {"THROTTLE_ACTIVATION", std::to_string(call.activation.number)},
                      {"THROTTLE_TIMED_OUT", call.timed_out ? "1" : "0"}};
  if (call.kind != HookKind::kRecycle) add_client(call.activation, variables);
  auto shell = std::make_unique<Shell>(call, listener, leftovers_);
  const auto started =
      shell->start(loop_, {.line = command_of(call.kind), .environment = std::move(variables)});
  if (!started) return tl::unexpected(started.error());
  return shell;
}

}  // namespace throttle::proxy
