#include "libthrottle/proxy/tcp_door.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "libthrottle/proxy/session.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {
namespace {

constexpr std::size_t kSpareDescriptors = 64;

// What is left when connections are taken: those that get a place need a second descriptor each.
std::size_t spare_descriptors(const LeaseLedger& ledger, const std::string& semaphore) {
  constexpr Count kMostReserved = 1 << 16;
  const auto places = ledger.semaphore(semaphore);
  if (!places) return kSpareDescriptors;
  return kSpareDescriptors +
         static_cast<std::size_t>(std::clamp<Count>(places->full_count, 0, kMostReserved));
}

ThrottledListener::Options listener_options(const LeaseLedger& ledger, const Settings& settings) {
  return {.semaphore = settings.semaphore_name(),
          .label = "proxy " + settings.name,
          .queue_timeout = settings.queue_timeout,
          .half_closed = settings.half_closed,
          .activate_on = settings.activate_on,
          .rejection = settings.rejection,
          .accept_proxy = settings.accept_proxy,
          .proxy_header_timeout = settings.proxy_header_timeout,
          .max_silent = settings.max_queue,
          .silence_timeout = settings.idle_timeout,
          .waiting_bytes = settings.waiting_bytes,
          .client_limits = settings.client_limits,
          .spare_descriptors = spare_descriptors(ledger, settings.semaphore_name())};
}

// How a connection that never got a place ended.
std::pair<EndedBy, Phase> ending_of(const Visit& visit, Refusal refusal) {
  const Phase phase = visit.enrolled == kNever ? Phase::kNone : Phase::kWaiting;
  switch (refusal) {
    case Refusal::kNone:
      return {EndedBy::kClient, phase};
    case Refusal::kQueueTimeout:
      return {EndedBy::kServerTimeout, phase};
    case Refusal::kSilent:
      return {EndedBy::kClientTimeout, phase};
    case Refusal::kKilled:
      return {EndedBy::kKilled, phase};
    case Refusal::kShutDown:
      return {EndedBy::kShutDown, phase};
    default:
      return {EndedBy::kRefused, phase};
  }
}

}  // namespace

struct TcpDoor::State final : ThrottledListener::Receiver, Upkeep::Receiver, Session::Owner {
  State(const Surroundings& around, Settings its_settings)
      : loop(around.loop),
        hub(around.hub),
        settings(std::move(its_settings)),
        reports(around.reports),
        upstream(loop, settings.upstream),
        upkeep({loop, hub, upstream, around.runner}, settings, *this),
        listener(loop, hub, listener_options(hub.ledger(), settings), *this),
        idle_timer(loop, uv::bound<&State::on_idle_due>(this)),
        drain_timer(loop, uv::bound<&State::on_drain_due>(this)) {}
  ~State() {
    listener.stop();
    end_all();
  }

  // --- of the listener ---
  void on_admitted(Place place) noexcept override;
  void on_not_admitted(const Visit& visit, Refusal refusal) noexcept override;
  void on_accept_failed(const Error& error) noexcept override {
    reports.on_note(NoteWeight::kTrouble, error.message);
  }

  // --- of the upkeep ---
  void on_prepared(const Activation& activation, Result<void> verdict) noexcept override;
  void on_recycling_overdue() noexcept override;
  void on_hook_line(const HookCall& hook, std::string_view line) noexcept override {
    reports.on_hook_line(hook, line);
  }
  void on_note(NoteWeight weight, std::string_view what) noexcept override {
    reports.on_note(weight, what);
  }
  void on_hook_done(const HookCall& hook, Duration took,
                    const Result<void>& verdict) noexcept override {
    reports.on_hook_done(hook, took, verdict);
  }

  // --- of the sessions ---
  void on_session_ended(Session& session, const Session::Ending& ending) noexcept override;
  void on_session_left(Session& session, const Session::Ending& ending) noexcept override {
    report(session.record(ending, uv::now()));
  }
  void on_session_active(Session& session) noexcept override;

  Duration time_between_looks() const;
  void on_idle_due();
  void on_drain_due();
  void report(ConnectionRecord record);
  void end_all();
  void tell_if_drained();

  uv::Loop& loop;
  LedgerHub& hub;
  Settings settings;
  Reports& reports;
  SocketAddress address;
  Upstream upstream;
  Upkeep upkeep;
  ThrottledListener listener;
  std::unordered_map<PeerId, std::unique_ptr<Session>> sessions;
  uv::Timer idle_timer;
  bool idle_armed = false;
  uv::Timer drain_timer;
  std::function<void()> on_drained;
};

// --- of the listener ---

void TcpDoor::State::on_admitted(Place place) noexcept {
  const PeerId peer = place.visit().peer;
  auto session = std::make_unique<Session>(
      Session::Surroundings{loop, upkeep, upstream, settings, *this}, std::move(place));
  Session& begun = *sessions.emplace(peer, std::move(session)).first->second;
  begun.begin(listener.waiting_count());
}

void TcpDoor::State::on_not_admitted(const Visit& visit, Refusal refusal) noexcept {
  const auto [ended_by, phase] = ending_of(visit, refusal);
  report({.client = visit.client,
          .accepted = visit.accepted,
          .total = uv::now() - visit.accepted,
          .ended_by = ended_by,
          .phase = phase,
          .refusal = refusal});
}

// --- of the upkeep ---

void TcpDoor::State::on_prepared(const Activation& activation, Result<void> verdict) noexcept {
  if (const auto found = sessions.find(activation.peer); found != sessions.end()) {
    found->second->on_prepared(activation, verdict);
  }
}

void TcpDoor::State::on_recycling_overdue() noexcept {
  std::vector<PeerId> overdue;
  for (const auto& [peer, session] : sessions)
    if (!upkeep.holds(peer)) overdue.push_back(peer);
  for (const PeerId peer : overdue) {
    if (const auto found = sessions.find(peer); found != sessions.end())
      found->second->abort(EndedBy::kRecycling);
  }
}

// --- of the sessions ---

// The session is out of the map before it dies, since its place goes to another one at once.
void TcpDoor::State::on_session_ended(Session& session, const Session::Ending& ending) noexcept {
  const auto found = sessions.find(session.visit().peer);
  std::unique_ptr<Session> ended = std::move(found->second);
  sessions.erase(found);
  if (!ended->has_left()) report(ended->record(ending, uv::now()));
  if (ending.ended_by == EndedBy::kTimeToLive) upkeep.on_time_to_live(ended->activation());
  if (ending.refusal != Refusal::kNone) ended->turn_away(ending.refusal);
  ended.reset();
  tell_if_drained();
}

void TcpDoor::State::on_session_active(Session&) noexcept {
  if (idle_armed) return;
  idle_armed = true;
  idle_timer.arm(saturating_add(uv::now(), time_between_looks()));
}

Duration TcpDoor::State::time_between_looks() const {
  return std::min({settings.idle_timeout, settings.close_timeout, kUpstreamKeepalive});
}

// Looks at all active connections, at most sixteen times in an idle timeout: bytes that move cost
// nothing here, nor do connections that end before anybody looks.
void TcpDoor::State::on_idle_due() {
  idle_armed = false;
  const TimePoint now = uv::now();
  std::vector<PeerId> idle;  // one that ends may take others along, whose time is over too
  bool is_anybody_active = false;
  TimePoint next = saturating_add(now, time_between_looks());
  for (const auto& [peer, session] : sessions) {
    session->on_lasting();
    const TimePoint due = session->idle_deadline();
    is_anybody_active = is_anybody_active || session->is_active();
    if (due <= now)
      idle.push_back(peer);
    else
      next = std::min(next, due);
  }
  for (const PeerId peer : idle) {
    if (const auto found = sessions.find(peer); found != sessions.end()) found->second->on_idle();
  }
  if (!is_anybody_active) return;
  idle_armed = true;
  idle_timer.arm(std::max(next, saturating_add(now, time_between_looks() / 16)));
}

void TcpDoor::State::report(ConnectionRecord record) {
  record.upstream = settings.upstream;
  record.active = sessions.size();
  record.waiting = listener.waiting_count();
  reports.on_ended(record);
}

void TcpDoor::State::end_all() {
  while (!sessions.empty())
    sessions.begin()->second->abort(EndedBy::kKilled);
}

void TcpDoor::State::on_drain_due() {
  if (!sessions.empty())
    reports.on_note(NoteWeight::kTrouble, "the drain timeout is over; connections are cut off");
  end_all();
}

void TcpDoor::State::tell_if_drained() {
  if (!on_drained || !sessions.empty()) return;
  drain_timer.disarm();
  const auto tell = std::exchange(on_drained, nullptr);
  tell();
}

// --- TcpDoor ---

TcpDoor::TcpDoor(std::unique_ptr<State> state) : state_(std::move(state)) {}
TcpDoor::~TcpDoor() {
  state_->on_drained = nullptr;
}

Result<std::unique_ptr<TcpDoor>> TcpDoor::open(const Surroundings& surroundings,
                                               Settings settings) {
  auto state = std::make_unique<State>(surroundings, std::move(settings));
  const auto listening = state->listener.listen(state->settings.listen);
  if (!listening) return tl::unexpected(listening.error());
  state->address = *listening;
  return std::unique_ptr<TcpDoor>(new TcpDoor(std::move(state)));
}

Result<void> TcpDoor::reload(Settings settings) {
  Result<void> outcome;
  if (settings.listen != state_->settings.listen) {
    const auto listening = state_->listener.listen(settings.listen);
    if (listening) {
      state_->address = *listening;
    } else {
      outcome = tl::unexpected(listening.error());
      settings.listen = state_->settings.listen;
    }
  }
  settings.semaphore = state_->settings.semaphore_name();
  state_->upstream.set_target(settings.upstream);
  state_->settings = std::move(settings);
  state_->upkeep.set_settings(state_->settings);
  state_->listener.set_options(listener_options(state_->hub.ledger(), state_->settings));
  state_->on_idle_due();  // by the new times
  return outcome;
}

void TcpDoor::retire() {
  state_->listener.stop();
}

void TcpDoor::drain(std::function<void()> on_drained) {
  retire();
  state_->on_drained = std::move(on_drained);
  state_->drain_timer.arm(saturating_add(uv::now(), state_->settings.drain_timeout));
  state_->tell_if_drained();
}

void TcpDoor::close_now() {
  state_->end_all();
}

const Settings& TcpDoor::settings() const {
  return state_->settings;
}
const SocketAddress& TcpDoor::local_address() const {
  return state_->address;
}
std::size_t TcpDoor::active_count() const {
  return state_->sessions.size();
}
std::size_t TcpDoor::waiting_count() const {
  return state_->listener.waiting_count();
}
bool TcpDoor::is_idle() const {
  return state_->sessions.empty() && state_->upkeep.is_idle();
}

std::vector<ConnectionView> TcpDoor::connections() const {
  const TimePoint now = uv::now();
  std::vector<const Session*> sessions;
  for (const auto& [peer, session] : state_->sessions)
    sessions.push_back(session.get());
  std::sort(sessions.begin(), sessions.end(), [](const Session* one, const Session* other) {
    return one->visit().granted < other->visit().granted;
  });
  std::vector<ConnectionView> views;
  views.reserve(sessions.size() + state_->listener.waiting_count());
  for (const Session* session : sessions)
    views.push_back(session->view(now));
  std::unordered_map<PeerId, std::size_t> places;
  for (const PeerId peer : state_->hub.ledger().queue(state_->settings.semaphore_name()))
    places.emplace(peer, places.size() + 1);
  for (const WaitingView& waiting : state_->listener.waiting()) {
    ConnectionView view{.client = waiting.visit.client,
                        .peer = waiting.visit.peer,
                        .state = ConnectionState::kSilent,
                        .age = now - waiting.visit.accepted,
                        .in_state = now - waiting.visit.accepted};
    if (!waiting.silent) {
      view.state = ConnectionState::kWaiting;
      view.in_state = now - waiting.visit.enrolled;
      view.place = places[view.peer];
    }
    views.push_back(view);
  }
  return views;
}

}  // namespace throttle::proxy
