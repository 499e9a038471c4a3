// The sessions of a door, and whatever happens to all of them: idleness, draining, the end.
//
// A session ends in on_session_ended() and nowhere else, and is destroyed there. So a loop over the
// sessions that may end one goes over their peers, and looks each up again.
#include "libthrottle/proxy/tcp_door.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/proxy/session.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {
namespace {

// How many descriptors are left when connections are taken: a connection that gets a place needs a
// second one.
std::size_t spare_descriptors(const LeaseLedger& ledger, const Settings& settings) {
  constexpr Count kMostReserved = 1 << 16;
  const auto reserved = [&](const std::string& name) {
    const auto places = ledger.semaphore(name);
    if (!places || places->retired) return std::size_t{0};
    return static_cast<std::size_t>(std::clamp<Count>(places->full_count, 0, kMostReserved));
  };
  return gate::kSpareDescriptors + reserved(settings.semaphore_name()) +
         reserved(settings.extra_semaphore_name());
}

gate::ThrottledListener::Options listener_options(const LeaseLedger& ledger,
                                                  const Settings& settings) {
  return {.semaphore = settings.semaphore_name(),
          .extra_per_client = settings.extra_per_client,
          .extra_semaphore = settings.extra_semaphore_name(),
          .label = "proxy " + settings.name,
          .queue_timeout = settings.queue_timeout,
          .half_closed = settings.half_closed,
          .activate_on = settings.activate_on,
          .rejection = settings.rejection,
          .reject_text = settings.reject_text,
          .accept_proxy = settings.accept_proxy,
          .proxy_header_timeout = settings.proxy_header_timeout,
          .max_silent = settings.max_queue,
          .silence_timeout = std::min(settings.first_byte_timeout, settings.idle_timeout),
          .waiting_bytes = settings.waiting_bytes,
          .client_limits = settings.client_limits,
          .max_rate = settings.max_rate,
          .socket_mode = settings.socket_mode,
          .spare_descriptors = spare_descriptors(ledger, settings)};
}

// How a connection ended that never got a place.
std::pair<EndedBy, Phase> ending_of(const gate::Visit& visit, gate::Refusal refusal) {
  const Phase phase = visit.enrolled == kNever ? Phase::kNone : Phase::kWaiting;
  switch (refusal) {
    case gate::Refusal::kNone:
      return {EndedBy::kClient, phase};
    case gate::Refusal::kQueueTimeout:
      return {EndedBy::kServerTimeout, phase};
    case gate::Refusal::kSilent:
      return {EndedBy::kClientTimeout, phase};
    case gate::Refusal::kKilled:
      return {EndedBy::kKilled, phase};
    case gate::Refusal::kShutDown:
      return {EndedBy::kShutDown, phase};
    case gate::Refusal::kPerClient:
    case gate::Refusal::kTooOften:
    case gate::Refusal::kQueueFull:
    case gate::Refusal::kUpstreamDown:
    case gate::Refusal::kExhausted:
    case gate::Refusal::kHook:
    case gate::Refusal::kBadProxyHeader:
      break;
  }
  return {EndedBy::kRefused, phase};
}

// An instant of a session, such as that of its grant, and its peer.
using Granted = std::pair<TimePoint, PeerId>;

}  // namespace

struct TcpDoor::State final : gate::ThrottledListener::Receiver,
                              Maintenance::Receiver,
                              Session::Owner {
  State(const Context& context, Settings initial)
      : loop(context.loop),
        hub(context.hub),
        settings(std::move(initial)),
        reports(context.reports),
        upstream(loop, settings.upstream),
        maintenance({loop, hub, upstream, context.runner}, settings, *this),
        listener(loop, hub, listener_options(hub.ledger(), settings), *this),
        idle_timer(loop, uv::bound<&State::on_idle_due>(this)),
        drain_timer(loop, uv::bound<&State::on_drain_due>(this)) {
    upstream.set_on_reached(context.on_upstream_reached);
  }
  ~State() { THROTTLE_CHECK(sessions.empty() && !listener.has_visitors()); }

  // --- of the listener ---
  void on_admitted(gate::Place place) noexcept override;
  void on_not_admitted(const gate::Visit& visit, gate::Refusal refusal) noexcept override;
  void on_accept_failed(const Error& error) noexcept override {
    reports.on_note(NoteWeight::kTrouble, error.message);
  }

  // --- of the maintenance ---
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
  void add_spare(std::vector<Granted> spare, std::vector<PeerId>& idle) const;
  void on_drain_due();
  void report(ConnectionRecord record);

  // A slice of the sessions after `last`, which it moves on; false after the last one.
  bool visit_placed(Granted& last, std::size_t most, const ConnectionVisitor& visit) const;
  void visit_queue(QueueCursor& cursor, std::size_t& place, std::size_t most,
                   const ConnectionVisitor& visit) const;
  std::size_t visit_silent(std::size_t from, std::size_t most,
                           const ConnectionVisitor& visit) const;
  bool note_service(const Session& session);
  void end_all();
  void notify_if_drained();

  uv::Loop& loop;
  LedgerHub& hub;
  Settings settings;
  Reports& reports;
  std::vector<Endpoint> endpoints;
  Upstream upstream;
  Maintenance maintenance;
  gate::ThrottledListener listener;
  std::unordered_map<PeerId, std::unique_ptr<Session>> sessions;
  std::set<Granted> by_grant;  // the same sessions
  uv::Timer idle_timer;
  bool idle_armed = false;
  uv::Timer drain_timer;
  std::function<void()> on_drained;
};

// --- of the listener ---

void TcpDoor::State::on_admitted(gate::Place place) noexcept {
  const PeerId peer = place.visit().peer;
  THROTTLE_CHECK(peer != 0);
  auto session = std::make_unique<Session>(
      Session::Context{loop, maintenance, upstream, settings, *this}, std::move(place));
  const auto [entry, added] = sessions.emplace(peer, std::move(session));
  THROTTLE_CHECK(added);
  Session& begun = *entry->second;
  THROTTLE_CHECK(by_grant.insert({begun.visit().granted, peer}).second);
  begun.begin(listener.waiting_count());
}

void TcpDoor::State::on_not_admitted(const gate::Visit& visit, gate::Refusal refusal) noexcept {
  const auto [ended_by, phase] = ending_of(visit, refusal);
  report({.client = visit.client,
          .peer = visit.peer,
          .accepted = visit.accepted,
          .total = uv::now() - visit.accepted,
          .silent = visit.enrolled == kNever,
          .ended_by = ended_by,
          .phase = phase,
          .refusal = refusal});
}

// --- of the maintenance ---

void TcpDoor::State::on_prepared(const Activation& activation, Result<void> verdict) noexcept {
  if (const auto found = sessions.find(activation.peer); found != sessions.end()) {
    found->second->on_prepared(activation, verdict);
  }
}

void TcpDoor::State::on_recycling_overdue() noexcept {
  std::vector<PeerId> overdue;
  for (const auto& [peer, session] : sessions)
    if (!maintenance.holds(peer)) overdue.push_back(peer);
  for (const PeerId peer : overdue) {
    if (const auto found = sessions.find(peer); found != sessions.end())
      found->second->abort(EndedBy::kRecycling);
  }
}

// --- of the sessions ---

// Clears a failure of the upstream that is older than what the session has seen of it.
bool TcpDoor::State::note_service(const Session& session) {
  const bool has_failed = !upstream.failure().empty();
  if (has_failed && session.was_served_since(upstream.failed_at(), uv::now()))
    upstream.note_success();
  return upstream.failure().empty();
}

// The session is out of the map when it is reported, so that the counts are those after its end.
void TcpDoor::State::on_session_ended(Session& session, const Session::Ending& ending) noexcept {
  const auto found = sessions.find(session.visit().peer);
  THROTTLE_CHECK(found != sessions.end());
  const std::unique_ptr<Session> ended = std::move(found->second);
  sessions.erase(found);
  by_grant.erase({ended->visit().granted, ended->visit().peer});
  THROTTLE_CHECK(by_grant.size() == sessions.size());
  note_service(*ended);
  if (!ended->has_left()) report(ended->record(ending, uv::now()));
  if (ending.ended_by == EndedBy::kTimeToLive) maintenance.on_time_to_live(ended->activation());
  if (ending.refusal != gate::Refusal::kNone) ended->turn_away(ending.refusal);
  notify_if_drained();
}

void TcpDoor::State::on_session_active(Session&) noexcept {
  if (idle_armed) return;
  idle_armed = true;
  idle_timer.arm(saturating_add(uv::now(), time_between_looks()));
}

Duration TcpDoor::State::time_between_looks() const {
  return std::min({settings.idle_timeout, settings.idle_timeout_when_queued, settings.close_timeout,
                   kUpstreamKeepalive, settings.vanish_timeout / 2});
}

// Looks at all active connections, at most sixteen times in an idle timeout: bytes that move cost
// nothing here, nor do connections that end before anybody looks.
void TcpDoor::State::on_idle_due() {
  idle_armed = false;
  const TimePoint now = uv::now();
  std::vector<PeerId> idle;    // a session that ends leaves the map
  std::vector<Granted> spare;  // those that end while others wait, by the time of their last byte
  bool is_anybody_active = false;
  TimePoint next = saturating_add(now, time_between_looks());
  for (const auto& [peer, session] : sessions) {
    session->on_lasting(now);
    const TimePoint due = session->idle_deadline();
    is_anybody_active = is_anybody_active || session->is_active();
    if (due <= now) {
      idle.push_back(peer);
      continue;
    }
    const TimePoint spare_from = session->spare_from();
    if (spare_from <= now) spare.emplace_back(spare_from, peer);
    next = std::min({next, due, spare_from});
  }
  add_spare(std::move(spare), idle);
  for (const PeerId peer : idle) {
    if (const auto found = sessions.find(peer); found != sessions.end()) found->second->on_idle();
  }
  if (!is_anybody_active) return;
  idle_armed = true;
  idle_timer.arm(std::max(next, saturating_add(now, time_between_looks() / 16)));
}

// As many as wait for a place that is not free already; those that are idle for longest first. None
// while their places would go to nobody.
void TcpDoor::State::add_spare(std::vector<Granted> spare, std::vector<PeerId>& idle) const {
  const auto semaphore = hub.ledger().semaphore(settings.semaphore_name());
  if (!semaphore || semaphore->paused || semaphore->acquired > semaphore->full_count) return;
  std::ranges::sort(spare);
  for (const auto& [since, peer] : spare)
    if (idle.size() < semaphore->waiting) idle.push_back(peer);
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

void TcpDoor::State::notify_if_drained() {
  if (!on_drained || !sessions.empty()) return;
  drain_timer.disarm();
  const auto notify = std::exchange(on_drained, nullptr);
  notify();
}

// --- for pages ---

bool TcpDoor::State::visit_placed(Granted& last, std::size_t most,
                                  const ConnectionVisitor& visit) const {
  const TimePoint now = uv::now();
  auto next = by_grant.upper_bound(last);
  for (; next != by_grant.end() && most > 0; ++next, --most) {
    visit(sessions.at(next->second)->view(now));
    last = *next;
  }
  return next != by_grant.end();
}

// Other doors and HTTP clients may wait in the same queue.
void TcpDoor::State::visit_queue(QueueCursor& cursor, std::size_t& place, std::size_t most,
                                 const ConnectionVisitor& visit) const {
  const TimePoint now = uv::now();
  const auto show = [&](const PeerState& peer) {
    ++place;
    const auto waiting = listener.waiting(peer.id);
    if (!waiting) return;
    visit({.client = waiting->client,
           .peer = waiting->peer,
           .state = ConnectionState::kWaiting,
           .age = now - waiting->accepted,
           .in_state = now - waiting->enrolled,
           .place = place});
  };
  cursor = hub.ledger().visit_queue(settings.semaphore_name(), cursor, most, show);
}

std::size_t TcpDoor::State::visit_silent(std::size_t from, std::size_t most,
                                         const ConnectionVisitor& visit) const {
  const TimePoint now = uv::now();
  return listener.visit_silent(from, most, [&](const gate::Visit& silent) {
    visit({.client = silent.client,
           .state = ConnectionState::kSilent,
           .age = now - silent.accepted,
           .in_state = now - silent.accepted});
  });
}

// --- TcpDoor ---

TcpDoor::TcpDoor(std::unique_ptr<State> state) : state_(std::move(state)) {}
TcpDoor::~TcpDoor() = default;

Result<std::unique_ptr<TcpDoor>> TcpDoor::open(const Context& context, Settings settings) {
  auto state = std::make_unique<State>(context, std::move(settings));
  auto listening = state->listener.listen(state->settings.listen);
  if (!listening) return tl::unexpected(listening.error());
  state->endpoints = *std::move(listening);
  state->maintenance.try_new_upstream();
  return std::unique_ptr<TcpDoor>(new TcpDoor(std::move(state)));
}

Result<void> TcpDoor::reload(Settings settings) {
  Result<void> outcome;
  if (settings.listen != state_->settings.listen) {
    auto listening = state_->listener.listen(settings.listen);
    if (listening) {
      state_->endpoints = *std::move(listening);
    } else {
      outcome = tl::unexpected(listening.error());
      settings.listen = state_->settings.listen;
    }
  }
  settings.semaphore = state_->settings.semaphore_name();
  const bool is_new = settings.upstream != state_->settings.upstream;
  state_->upstream.set_target(settings.upstream);
  state_->settings = std::move(settings);
  state_->maintenance.on_settings_changed();
  if (is_new) state_->maintenance.try_new_upstream();
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
  state_->notify_if_drained();
}

void TcpDoor::close_now() {
  state_->end_all();
}

void TcpDoor::stop() {
  state_->on_drained = nullptr;
  state_->drain_timer.disarm();
  state_->listener.stop();
  state_->end_all();
  state_->maintenance.stop();
}

const Settings& TcpDoor::settings() const {
  return state_->settings;
}
const std::vector<Endpoint>& TcpDoor::endpoints() const {
  return state_->endpoints;
}
std::size_t TcpDoor::active_count() const {
  return state_->sessions.size();
}
std::size_t TcpDoor::waiting_count() const {
  return state_->listener.waiting_count();
}
std::string TcpDoor::trouble() {
  for (const auto& [peer, session] : state_->sessions)
    if (state_->note_service(*session)) return {};
  std::string found = state_->upstream.failure();
  if (!found.empty() && state_->sessions.empty()) state_->maintenance.try_upstream();
  return found;
}
bool TcpDoor::is_idle() const {
  return state_->sessions.empty() && state_->maintenance.is_idle();
}

void TcpDoor::visit_connections(ConnectionCursor& cursor, std::size_t most,
                                const ConnectionVisitor& visit) const {
  using Stage = ConnectionCursor::Stage;
  THROTTLE_CHECK(most > 0 && !cursor.ended());
  switch (cursor.stage_) {
    case Stage::kPlaced:
      if (!state_->visit_placed(cursor.placed_, most, visit)) cursor.stage_ = Stage::kQueue;
      break;
    case Stage::kQueue:
      state_->visit_queue(cursor.queue_, cursor.place_, most, visit);
      if (cursor.queue_.ended()) cursor.stage_ = Stage::kSilent;
      break;
    case Stage::kSilent:
      cursor.silent_ = state_->visit_silent(cursor.silent_, most, visit);
      if (cursor.silent_ == 0) cursor.stage_ = Stage::kEnded;
      break;
    case Stage::kEnded:
      break;
  }
}

std::vector<ConnectionView> TcpDoor::connections() const {
  std::vector<ConnectionView> views;
  for (ConnectionCursor cursor; !cursor.ended();)
    visit_connections(cursor, 1000, [&](const ConnectionView& view) { views.push_back(view); });
  return views;
}

}  // namespace throttle::proxy
