#include "libthrottle/proxy/upkeep.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libthrottle/core/duration.h"
#include "libthrottle/proxy/dialer.h"
#include "libthrottle/proxy/hook.h"
#include "libthrottle/proxy/recycling.h"
#include "libthrottle/proxy/shell_hooks.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {

struct Upkeep::State final : Hook::Receiver, Leftovers::Receiver, Recycling::Actions {
  State(const Surroundings& around, const Settings& settings, Upkeep::Receiver& its_receiver)
      : loop(around.loop),
        upstream(around.upstream),
        receiver(its_receiver),
        shell(loop, settings, *this),
        runner(around.runner != nullptr ? *around.runner : shell),
        hooks(settings.hooks),
        semaphore(settings.semaphore_name()),
        drain_timer(loop, uv::bound<&State::on_drain_due>(this)),
        recycling(around.hub, *this) {}
  ~State();

  std::unique_ptr<Hook> start_hook(HookKind kind, const Activation& activation);
  void begin_recycling(std::string_view why);
  void arm_drain();
  void on_drain_due();

  // Hook::Receiver
  void on_line(const Hook& hook, std::string_view line) noexcept override;
  void on_ended(Hook& hook, Duration took, Result<void> verdict) noexcept override;
  void on_recycle_ended(const Result<void>& verdict);
  // Tells that the hook, which dies now, was ended together `with` something.
  void tell_cut_off(const Hook& hook, std::string_view with);

  // Leftovers::Receiver
  void on_line(const HookCall& call, std::string_view line) noexcept override {
    receiver.on_hook_line(call, line);
  }
  void on_too_many(const HookCall& call) noexcept override;

  // Recycling::Actions
  void restart() noexcept override;
  void probe() noexcept override;
  void let_go(const Activation& granted) noexcept override;
  void on_probed(Result<uv::TcpStream> stream);

  uv::Loop& loop;
  Upstream& upstream;
  Upkeep::Receiver& receiver;
  ShellHooks shell;
  HookRunner& runner;
  Hooks hooks;
  std::string semaphore;

  std::uint64_t activations = 0;
  bool timed_out = false;  // since the last of them

  TimePoint drain_begun;
  uv::Timer drain_timer;
  Recycling recycling;
  TimePoint restart_begun;
  std::optional<Dialer> probing;
  std::unordered_map<PeerId, std::unique_ptr<Hook>> preparing;
  std::vector<std::unique_ptr<Hook>> on_timeouts;
  std::unique_ptr<Hook> recycle;
};

Upkeep::State::~State() {
  for (const auto& [peer, hook] : preparing)
    tell_cut_off(*hook, "the proxy");
  for (const auto& hook : on_timeouts)
    tell_cut_off(*hook, "the proxy");
  if (recycle) tell_cut_off(*recycle, "the proxy");
}

// Null if there is no such hook.
std::unique_ptr<Hook> Upkeep::State::start_hook(HookKind kind, const Activation& activation) {
  if (!runner.wants(kind)) return nullptr;
  const HookCall call{kind, activation, timed_out};
  auto hook = std::make_unique<Hook>(loop, call, *this);
  hook->start(runner, hooks.timeout);
  return hook;
}

void Upkeep::State::let_go(const Activation& granted) noexcept {
  Activation activation = granted;
  activation.number = ++activations;
  if (recycling.count(hooks.recycle_every)) {
    begin_recycling("after " + std::to_string(hooks.recycle_every) + " activations");
  }
  auto hook = start_hook(HookKind::kBeforeActivate, activation);
  timed_out = false;
  if (!hook) return receiver.on_prepared(activation, {});
  preparing[activation.peer] = std::move(hook);
}

void Upkeep::State::begin_recycling(std::string_view why) {
  if (!recycling.begin(semaphore)) return;
  receiver.on_note(NoteWeight::kNews, std::string("recycling of the upstream begins ").append(why));
  drain_begun = uv::now();
  arm_drain();
}

void Upkeep::State::arm_drain() {
  if (recycling.step() != Recycling::Step::kDraining) return drain_timer.disarm();
  drain_timer.arm(saturating_add(drain_begun, hooks.recycle_drain_timeout));
}

void Upkeep::State::on_drain_due() {
  receiver.on_note(NoteWeight::kTrouble,
                   "the drain timeout of the recycling is over; connections are cut off");
  receiver.on_recycling_overdue();
  recycling.stop_draining();
}

void Upkeep::State::restart() noexcept {
  drain_timer.disarm();
  restart_begun = uv::now();
  recycle = start_hook(HookKind::kRecycle, {.number = activations});
  if (!recycle) recycling.on_restarted(restart_begun, true);
}

void Upkeep::State::probe() noexcept {
  probing.emplace(upstream, hooks.ready_timeout, uv::bound<&State::on_probed>(this));
}

void Upkeep::State::on_probed(Result<uv::TcpStream> stream) {
  probing.reset();
  const TimePoint now = uv::now();
  if (stream) {
    stream->close();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - restart_begun);
    receiver.on_note(NoteWeight::kNews,
                     "the upstream is recycled and answers after " + format_duration(took));
  } else {
    receiver.on_note(NoteWeight::kTrouble,
                     "the upstream does not answer after its recycling: " + stream.error().message);
  }
  recycling.on_probed(now);
}

void Upkeep::State::on_line(const Hook& hook, std::string_view line) noexcept {
  receiver.on_hook_line(hook.call(), line);
}

void Upkeep::State::on_ended(Hook& hook, Duration took, Result<void> verdict) noexcept {
  const HookCall& call = hook.call();
  receiver.on_hook_done(call, took, verdict);
  switch (call.kind) {
    case HookKind::kBeforeActivate: {
      const auto ended = preparing.extract(call.activation.peer);
      return receiver.on_prepared(call.activation, std::move(verdict));
    }
    case HookKind::kOnTimeout:
      std::erase_if(on_timeouts, [&](const auto& each) { return each.get() == &hook; });
      return;
    case HookKind::kRecycle:
      return on_recycle_ended(verdict);
  }
}

void Upkeep::State::tell_cut_off(const Hook& hook, std::string_view with) {
  std::string what = "the " + std::string(name_of(hook.call().kind)) + " hook was ended with ";
  receiver.on_hook_done(hook.call(), hook.age(), fail(ErrorCode::kUnavailable, what.append(with)));
}

void Upkeep::State::on_too_many(const HookCall& call) noexcept {
  receiver.on_note(NoteWeight::kTrouble,
                   "commands left more than " + std::to_string(Leftovers::kMost) +
                       " others running; the oldest, of " + std::string(name_of(call.kind)) +
                       ", is not listened to any more");
}

void Upkeep::State::on_recycle_ended(const Result<void>& verdict) {
  const auto ended = std::move(recycle);
  if (!verdict)
    receiver.on_note(NoteWeight::kTrouble,
                     "the upstream is not recycled: " + verdict.error().message);
  recycling.on_restarted(uv::now(), verdict.has_value());
}

Upkeep::Upkeep(const Surroundings& surroundings, const Settings& settings, Receiver& receiver)
    : state_(std::make_unique<State>(surroundings, settings, receiver)) {}

Upkeep::~Upkeep() = default;

void Upkeep::set_settings(const Settings& settings) {
  state_->shell.set_settings(settings);
  state_->hooks = settings.hooks;
  state_->semaphore = settings.semaphore_name();
  state_->arm_drain();
}

void Upkeep::begin(const Activation& activation) {
  if (state_->recycling.holds_back()) return state_->recycling.hold(activation);
  state_->let_go(activation);
}

bool Upkeep::leave(PeerId peer) {
  state_->recycling.drop(peer);
  return state_->preparing.contains(peer);
}

void Upkeep::cancel(PeerId peer) {
  state_->recycling.drop(peer);
  const auto hook = state_->preparing.extract(peer);
  if (hook) state_->tell_cut_off(*hook.mapped(), "its connection");
}

void Upkeep::on_time_to_live(const Activation& activation) {
  state_->timed_out = true;
  if (auto hook = state_->start_hook(HookKind::kOnTimeout, activation)) {
    state_->on_timeouts.push_back(std::move(hook));
  }
  if (state_->hooks.recycle_after_timeout) {
    state_->begin_recycling("after a connection reached its time-to-live");
  }
}

bool Upkeep::recycling() const {
  return state_->recycling.step() != Recycling::Step::kIdle;
}

bool Upkeep::holds(PeerId peer) const {
  return state_->recycling.holds(peer);
}

bool Upkeep::is_idle() const {
  return !recycling() && state_->preparing.empty() && state_->on_timeouts.empty() &&
         state_->shell.leftovers().count() == 0;
}

}  // namespace throttle::proxy
