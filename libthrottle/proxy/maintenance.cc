// Hooks, recycling and probing around activations.
//
// A connection that was begun is in one place at a time: held by the Recycling, or in `preparing`
// while its hook runs, or gone (on_prepared() was called, it was cancelled, or it left). The
// recycle hook runs while the Recycling restarts, and `probing` or `ready_command` exists while it
// probes.
#include "libthrottle/proxy/maintenance.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"
#include "libthrottle/proxy/dialer.h"
#include "libthrottle/proxy/hook.h"
#include "libthrottle/proxy/readiness.h"
#include "libthrottle/proxy/ready_command.h"
#include "libthrottle/proxy/recycling.h"
#include "libthrottle/proxy/shell_hooks.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {

struct Maintenance::State final : Hook::Receiver,
                                  Leftovers::Receiver,
                                  Recycling::Actions,
                                  ReadyCommand::Receiver {
  State(const Context& context, const Settings& in_force, Maintenance::Receiver& owner)
      : loop(context.loop),
        hub(context.hub),
        upstream(context.upstream),
        receiver(owner),
        settings(in_force),
        shell(loop, settings, *this),
        runner(context.runner != nullptr ? *context.runner : shell),
        drain_timer(loop, uv::bound<&State::on_drain_due>(this)),
        recycling(context.hub, *this) {}
  ~State();

  std::unique_ptr<Hook> start_hook(HookKind kind, const Activation& activation);
  void begin_recycling(std::string_view why);
  void arm_drain();
  void on_drain_due();

  // Hook::Receiver
  void on_line(const Hook& hook, std::string_view line) noexcept override;
  void on_ended(Hook& hook, Duration took, Result<void> verdict) noexcept override;
  void on_recycle_ended(const Result<void>& verdict);
  // Reports that the hook, which is destroyed now, was ended together `with` something.
  void report_cut_off(const Hook& hook, std::string_view with);
  void stop();

  // Leftovers::Receiver
  void on_line(const HookCall& call, std::string_view line) noexcept override {
    receiver.on_hook_line(call, line);
  }
  void on_too_many(const HookCall& call) noexcept override;

  // Recycling::Actions
  void restart() noexcept override;
  void probe() noexcept override;
  void let_go(const Activation& granted) noexcept override;
  void begin_trial();
  bool is_probing() const { return recycling.step() == Recycling::Step::kProbing; }
  void end_trial();
  bool is_deserted() const;
  bool may_try() const;
  void end_trial_at_a_grant();
  void on_probed(Result<void> verdict);
  void on_dialled(Result<uv::TcpStream> stream);

  // ReadyCommand::Receiver
  void on_ready_line(const HookCall& call, std::string_view line) noexcept override {
    if (is_probing()) receiver.on_hook_line(call, line);
  }
  void on_ready_ended(const HookCall& call, Duration took, Result<void> verdict) noexcept override;

  uv::Loop& loop;
  LedgerHub& hub;
  Upstream& upstream;
  Maintenance::Receiver& receiver;
  const Settings& settings;
  ShellHooks shell;
  HookRunner& runner;

  std::uint64_t activations = 0;
  bool timed_out = false;  // since the last of them

  TimePoint drain_begun;
  uv::Timer drain_timer;
  Recycling recycling;
  TimePoint restart_begun;
  std::optional<Readiness> probing;
  std::optional<ReadyCommand> ready_command;  // instead
  std::optional<Dialer> new_upstream;         // while it is tried
  LedgerHub::Subscription trial_leases;       // of a trial outside a recycling
  std::unordered_map<PeerId, std::unique_ptr<Hook>> preparing;
  std::vector<std::unique_ptr<Hook>> on_timeouts;
  std::unique_ptr<Hook> recycle;
  bool stopped = false;
};

Maintenance::State::~State() {
  THROTTLE_CHECK(preparing.empty() && on_timeouts.empty() && recycle == nullptr);
}

void Maintenance::State::stop() {
  stopped = true;
  drain_timer.disarm();
  end_trial();
  recycling.give_up(uv::now());
  std::vector<std::unique_ptr<Hook>> running;
  for (auto& [peer, hook] : std::exchange(preparing, {}))
    running.push_back(std::move(hook));
  for (auto& hook : std::exchange(on_timeouts, {}))
    running.push_back(std::move(hook));
  if (recycle) running.push_back(std::move(recycle));
  for (const auto& hook : running)
    report_cut_off(*hook, "the proxy");
}

// Null if there is no such hook.
std::unique_ptr<Hook> Maintenance::State::start_hook(HookKind kind, const Activation& activation) {
  if (!runner.wants(kind)) return nullptr;
  const HookCall call{kind, activation, timed_out};
  auto hook = std::make_unique<Hook>(loop, call, *this);
  hook->start(runner, settings.hooks.timeout);
  return hook;
}

void Maintenance::State::let_go(const Activation& granted) noexcept {
  THROTTLE_CHECK(!stopped && granted.peer != 0);
  end_trial();
  Activation activation = granted;
  activation.number = ++activations;
  const std::size_t every = settings.hooks.recycle_every;
  if (recycling.count(every)) {
    begin_recycling("after " + counted(every, "activation"));
  }
  auto hook = start_hook(HookKind::kBeforeActivate, activation);
  timed_out = false;
  if (!hook) return receiver.on_prepared(activation, {});
  const bool added = preparing.emplace(activation.peer, std::move(hook)).second;
  THROTTLE_CHECK(added);
}

void Maintenance::State::begin_recycling(std::string_view why) {
  if (!recycling.begin(settings.semaphore_name(), settings.extra_semaphore_name())) return;
  receiver.on_note(NoteWeight::kNews, std::string("recycling of the upstream begins ").append(why));
  drain_begun = uv::now();
  arm_drain();
}

void Maintenance::State::arm_drain() {
  if (recycling.step() != Recycling::Step::kDraining) return drain_timer.disarm();
  drain_timer.arm(saturating_add(drain_begun, settings.hooks.recycle_drain_timeout));
}

void Maintenance::State::on_drain_due() {
  THROTTLE_CHECK(recycling.step() == Recycling::Step::kDraining);
  receiver.on_note(NoteWeight::kTrouble,
                   "the drain timeout of the recycling is over; connections are cut off");
  receiver.on_recycling_overdue();
  recycling.stop_draining();
}

void Maintenance::State::restart() noexcept {
  THROTTLE_CHECK(recycle == nullptr);
  end_trial();
  drain_timer.disarm();
  restart_begun = uv::now();
  recycle = start_hook(HookKind::kRecycle, {.number = activations});
  if (!recycle) recycling.on_restarted(restart_begun, true);
}

void Maintenance::State::probe() noexcept {
  THROTTLE_CHECK(recycle == nullptr && is_probing());
  begin_trial();
}

void Maintenance::State::begin_trial() {
  THROTTLE_CHECK(!probing && !ready_command);
  if (runner.wants(HookKind::kReady)) {
    const HookCall call{HookKind::kReady, {.number = activations}, timed_out};
    const ReadyCommand::Times times{.each = settings.hooks.timeout,
                                    .all = settings.hooks.ready_timeout};
    ReadyCommand::Receiver& of_command = *this;
    ready_command.emplace(loop, call, times, of_command);
    return ready_command->start(runner);
  }
  const Duration timeout = is_probing() ? settings.hooks.ready_timeout : settings.connect_timeout;
  const Readiness::Times times{.stay = settings.hooks.ready_stay, .timeout = timeout};
  probing.emplace(loop, upstream, times, uv::bound<&State::on_probed>(this));
}

// Whether nobody can be connected to the upstream by the rules, and a connection of ours is within
// them.
bool Maintenance::State::is_deserted() const {
  const auto places = hub.ledger().semaphore(settings.semaphore_name());
  if (!places || places->paused || places->acquired > 0 || places->waiting > 0) return false;
  const auto extras = hub.ledger().semaphore(settings.extra_semaphore_name());
  return places->full_count > 0 && (!extras || extras->acquired == 0);
}

bool Maintenance::State::may_try() const {
  const bool is_tried = probing || ready_command || new_upstream;
  const bool recycles = recycling.step() != Recycling::Step::kIdle;
  return !stopped && !recycles && !is_tried && is_deserted();
}

void Maintenance::State::end_trial_at_a_grant() {
  const auto places = hub.ledger().semaphore(settings.semaphore_name());
  THROTTLE_CHECK(places);
  trial_leases = hub.add_listener(places->index, [this](const LedgerEvent& event) {
    if (event.kind == EventKind::kGranted) end_trial();
  });
}

void Maintenance::State::end_trial() {
  trial_leases = {};
  probing.reset();
  ready_command.reset();
  new_upstream.reset();
}

void Maintenance::State::on_dialled(Result<uv::TcpStream> stream) {
  THROTTLE_CHECK(new_upstream.has_value());
  end_trial();
  if (stream) return;
  receiver.on_note(NoteWeight::kTrouble,
                   "the service does not answer: " + stream.error().message +
                       ". Until it does, each client waits up to connect_timeout (" +
                       format_duration(settings.connect_timeout) + ") and is then rejected");
}

void Maintenance::State::on_ready_ended(const HookCall& call, Duration took,
                                        Result<void> verdict) noexcept {
  if (is_probing()) receiver.on_hook_done(call, took, verdict);
  on_probed(std::move(verdict));
}

void Maintenance::State::on_probed(Result<void> verdict) {
  THROTTLE_CHECK(probing.has_value() != ready_command.has_value());
  end_trial();
  if (verdict)
    upstream.note_success();
  else
    upstream.note_failure(verdict.error().message);
  if (!is_probing()) return;
  const TimePoint now = uv::now();
  if (verdict) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - restart_begun);
    receiver.on_note(NoteWeight::kNews,
                     "the upstream is recycled and answers after " + format_duration(took));
  } else {
    receiver.on_note(NoteWeight::kTrouble, "the upstream does not answer after its recycling: " +
                                               verdict.error().message);
  }
  recycling.on_probed(now);
}

void Maintenance::State::on_line(const Hook& hook, std::string_view line) noexcept {
  receiver.on_hook_line(hook.call(), line);
}

void Maintenance::State::on_ended(Hook& hook, Duration took, Result<void> verdict) noexcept {
  const HookCall& call = hook.call();
  receiver.on_hook_done(call, took, verdict);
  switch (call.kind) {
    case HookKind::kBeforeActivate: {
      const auto ended = preparing.extract(call.activation.peer);
      THROTTLE_CHECK(!ended.empty() && ended.mapped().get() == &hook);
      return receiver.on_prepared(call.activation, std::move(verdict));
    }
    case HookKind::kOnTimeout: {
      const auto is_ended = [&](const auto& each) { return each.get() == &hook; };
      THROTTLE_CHECK(std::erase_if(on_timeouts, is_ended) == 1);
      return;
    }
    case HookKind::kRecycle:
      return on_recycle_ended(verdict);
    case HookKind::kReady:
      break;  // is a ReadyCommand's
  }
}

void Maintenance::State::report_cut_off(const Hook& hook, std::string_view with) {
  std::string what = "the " + std::string(name_of(hook.call().kind)) + " hook was ended with ";
  receiver.on_hook_done(hook.call(), hook.age(), fail(ErrorCode::kUnavailable, what.append(with)));
}

void Maintenance::State::on_too_many(const HookCall& call) noexcept {
  receiver.on_note(NoteWeight::kTrouble,
                   "commands left more than " + std::to_string(Leftovers::kMost) +
                       " processes running; the output of the oldest, of " +
                       std::string(name_of(call.kind)) + ", is not read any more");
}

void Maintenance::State::on_recycle_ended(const Result<void>& verdict) {
  THROTTLE_CHECK(recycle != nullptr);
  const auto ended = std::move(recycle);
  if (!verdict) {
    const std::string what = "the upstream is not recycled: " + verdict.error().message;
    upstream.note_failure(what);
    receiver.on_note(NoteWeight::kTrouble, what);
  }
  recycling.on_restarted(uv::now(), verdict.has_value());
}

Maintenance::Maintenance(const Context& context, const Settings& settings, Receiver& receiver)
    : state_(std::make_unique<State>(context, settings, receiver)) {}

Maintenance::~Maintenance() = default;

// A trial by a command that is no longer there begins again without it.
void Maintenance::on_settings_changed() {
  state_->arm_drain();
  if (!state_->ready_command || state_->runner.wants(HookKind::kReady)) return;
  state_->probing.reset();
  state_->ready_command.reset();
  state_->begin_trial();
}

void Maintenance::stop() {
  state_->stop();
}

void Maintenance::begin(const Activation& activation) {
  THROTTLE_CHECK(!state_->stopped);
  if (state_->recycling.holds_back()) return state_->recycling.hold(activation);
  state_->let_go(activation);
}

bool Maintenance::leave(PeerId peer) {
  state_->recycling.drop(peer);
  return state_->preparing.contains(peer);
}

void Maintenance::cancel(PeerId peer) {
  state_->recycling.drop(peer);
  const auto hook = state_->preparing.extract(peer);
  if (hook) state_->report_cut_off(*hook.mapped(), "its connection");
}

void Maintenance::on_time_to_live(const Activation& activation) {
  THROTTLE_CHECK(!state_->stopped);
  state_->timed_out = true;
  if (auto hook = state_->start_hook(HookKind::kOnTimeout, activation)) {
    state_->on_timeouts.push_back(std::move(hook));
  }
  if (state_->settings.hooks.recycle_after_timeout) {
    state_->begin_recycling("after a connection reached its time-to-live");
  }
}

void Maintenance::try_upstream() {
  if (state_->upstream.failure().empty() || !state_->may_try()) return;
  state_->end_trial_at_a_grant();
  state_->begin_trial();
}

void Maintenance::try_new_upstream() {
  if (state_->settings.upstream_check == UpstreamCheck::kNone) return;
  if (state_->new_upstream) state_->end_trial();  // of the one before
  if (!state_->may_try()) return;
  state_->end_trial_at_a_grant();
  state_->new_upstream.emplace(state_->upstream, state_->settings.connect_timeout,
                               uv::bound<&State::on_dialled>(state_.get()), Dialer::Rounds::kOne);
}

bool Maintenance::recycling() const {
  return state_->recycling.step() != Recycling::Step::kIdle;
}

bool Maintenance::holds(PeerId peer) const {
  return state_->recycling.holds(peer);
}

bool Maintenance::is_idle() const {
  return !recycling() && state_->preparing.empty() && state_->on_timeouts.empty() &&
         state_->shell.leftovers().count() == 0;
}

}  // namespace throttle::proxy
