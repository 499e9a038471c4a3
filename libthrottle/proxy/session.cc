// The way of a connection from its place to its end.
//
//   kPreparing ──hook, recycling──► kConnecting ──► kActive
//        │                               └◄──hung up────┘
//        └──the client left, its hook runs on──► kLeft
//
// An upstream that hangs up at once (within a second) is tried again within the connect timeout, if
// nothing of the client's was sent: docker-proxy and others accept connections for a service that
// is not there yet. The place holds the client meanwhile, as before.
//
//   state         what exists               what may end it
//   kPreparing    the maintenance has it    a failed hook, the client, the ledger, the owner
//   kLeft         the hook, the place       the end of the hook, the ledger, the owner
//   kConnecting   dialer_, or retry_timer_  a failed dial, the client, the ledger, the owner
//   kActive       relay_                    the relay, the ledger, idleness, the owner
//
// Every end goes through end(), once. The owner destroys the session within that call, so nothing
// of the session is used after it. The place, and with it the client's peer, is the session's to
// its end. The ledger reports the end of a place at the end of the turn: within a call the place
// may be over without anybody knowing it yet, and its functions still work.
#include "libthrottle/proxy/session.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/proxy_header.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"

namespace throttle::proxy {
namespace {

EndedBy ended_by(RelayEnd end) {
  switch (end) {
    case RelayEnd::kFinished:
      return EndedBy::kNormal;
    case RelayEnd::kClientReset:
    case RelayEnd::kClientFailed:
      return EndedBy::kClient;
    case RelayEnd::kUpstreamReset:
    case RelayEnd::kUpstreamFailed:
      return EndedBy::kServer;
  }
  return EndedBy::kNormal;
}

// How a session ends that was to go on but met this error; `otherwise` if nothing of ours ran out.
Session::Ending ending_of(const Error& error, Session::Ending otherwise) {
  if (error.code == ErrorCode::kExhausted) {
    otherwise = {EndedBy::kResource, gate::Refusal::kExhausted};
  }
  otherwise.reason = error.message;
  return otherwise;
}

// The steps of the picture at the top.
bool may_follow(ConnectionState from, ConnectionState to) {
  using enum ConnectionState;
  switch (from) {
    case kPreparing:
      return to == kConnecting || to == kLeft;
    case kConnecting:
      return to == kActive;
    case kActive:
      return to == kConnecting;
    default:
      return false;
  }
}

// From an upstream that hung up to the next attempt.
constexpr Duration kRetryPause = std::chrono::milliseconds(100);

// An upstream that hangs up within that time has hung up at once.
constexpr Duration kAtOnce = std::chrono::seconds(1);

// Negative if it never came to that.
Duration since(TimePoint start, TimePoint end) {
  return end == kNever || start == kNever ? Duration(-1) : end - start;
}

}  // namespace

Session::Session(const Context& context, gate::Place place)
    : context_(context), place_(std::move(place)), begun_(uv::now()) {
  place_.set_receiver(*this);
}

Activation Session::activation() const {
  const gate::Visit& visit = place_.visit();
  return {.peer = visit.peer,
          .client = visit.client,
          .waited = visit.granted - visit.enrolled,
          .queued = queued_,
          .number = number_};
}

void Session::begin(std::size_t queued) {
  THROTTLE_CHECK(state_ == ConnectionState::kPreparing && queued_ == 0);
  queued_ = queued;
  context_.maintenance.begin(activation());
}

void Session::on_prepared(const Activation& activation, const Result<void>& verdict) {
  THROTTLE_CHECK(activation.peer == place_.visit().peer);
  if (has_left()) return end({EndedBy::kClient, gate::Refusal::kNone});
  number_ = activation.number;
  if (!verdict) return end(ending_of(verdict.error(), {EndedBy::kHook, gate::Refusal::kHook}));
  prepared_ = uv::now();
  move(ConnectionState::kConnecting);
  dial();
}

TimePoint Session::connect_deadline() const {
  return saturating_add(prepared_, context_.settings.connect_timeout);
}

// Of an upstream that says nothing.
TimePoint Session::retry_deadline() const {
  return std::min(connect_deadline() - kRetryPause, connected_ + kAtOnce);
}

void Session::dial() {
  THROTTLE_CHECK(state_ == ConnectionState::kConnecting && !dialer_);
  const bool is_first = !retry_timer_;
  const Duration left = is_first ? context_.settings.connect_timeout
                                 : std::max(connect_deadline() - uv::now(), Duration(0));
  dialer_.emplace(context_.upstream, left, uv::bound<&Session::on_dialled>(this));
}

void Session::on_hung_up(uv::TcpStream client) noexcept {
  context_.upstream.note_failure(context_.upstream.target().to_string() +
                                 " accepts connections and hangs up at once");
  place_.give_back(std::move(client));
  relay_.reset();
  connected_ = kNever;
  upstream_is_probed_ = false;
  move(ConnectionState::kConnecting);
  place_.limit_hold(kForever);  // the time to live begins again
  retry_timer_.emplace(context_.loop, uv::bound<&Session::dial>(this));
  retry_timer_->arm(saturating_add(uv::now(), kRetryPause));
}

void Session::on_dialled(Result<uv::TcpStream> stream) {
  THROTTLE_CHECK(state_ == ConnectionState::kConnecting && dialer_.has_value());
  if (!stream) {
    return end(ending_of(stream.error(), {EndedBy::kServer, gate::Refusal::kUpstreamDown}));
  }
  relay(*std::move(stream));
}

// From here on the client's time runs.
void Session::relay(uv::TcpStream upstream) {
  THROTTLE_CHECK(!relay_);
  dialer_.reset();
  connected_ = uv::now();
  move(ConnectionState::kActive);
  if (context_.settings.time_to_live != kForever) {
    place_.limit_hold(context_.settings.time_to_live);
  }
  gate::HeldStream::Contents client = place_.take(gate::HeldStream::Handover::kReading);
  std::string early = proxy_header(client.stream);
  header_bytes_ = early.size();
  early += client.received;
  const bool is_untouched = client.received.empty() && !client.has_ended;
  Relay::Receiver& receiver = *this;
  relay_.emplace(context_.loop,
                 Relay::Ends{.client = std::move(client.stream),
                             .upstream = std::move(upstream),
                             .early = std::move(early),
                             .client_ended = client.has_ended,
                             .retry_until = is_untouched ? retry_deadline() : TimePoint::min()},
                 receiver);
  context_.owner.on_session_active(*this);
}

std::string Session::proxy_header(const uv::TcpStream& client) const {
  const SendProxy version = context_.settings.send_proxy;
  if (version == SendProxy::kNone) return {};
  ProxiedConnection connection{place_.visit().client, {}};
  if (const auto& destination = place_.visit().destination) {
    connection.destination = *destination;
  } else if (const auto local = client.local_address()) {
    connection.destination = *local;
  }
  return version == SendProxy::kV1 ? proxy_header_v1(connection) : proxy_header_v2(connection);
}

// A hook that restarts the upstream does more harm if it is interrupted than if it was unnecessary.
void Session::on_client_left() noexcept {
  const Ending ending{EndedBy::kClient, gate::Refusal::kNone};
  const bool preparing = state_ == ConnectionState::kPreparing;
  if (!preparing || !context_.maintenance.leave(place_.visit().peer)) return end(ending);
  place_.close_connection();
  move(ConnectionState::kLeft);
  context_.owner.on_session_left(*this, ending);
}

void Session::move(ConnectionState to) {
  THROTTLE_CHECK(!ended_);
  THROTTLE_CHECK(may_follow(state_, to));
  state_ = to;
}

void Session::end(const Ending& ending) {
  THROTTLE_CHECK(!std::exchange(ended_, true));
  context_.owner.on_session_ended(*this, ending);
}

void Session::cancel_preparation() {
  const bool preparing = state_ == ConnectionState::kPreparing || has_left();
  if (preparing) context_.maintenance.cancel(place_.visit().peer);
}

void Session::on_place_ended(Cause cause) noexcept {
  cancel_preparation();
  end({cause == Cause::kHoldLimit ? EndedBy::kTimeToLive : EndedBy::kKilled, gate::Refusal::kNone});
}

void Session::on_relay_ended(const RelayOutcome& outcome) noexcept {
  outcome_ = outcome;
  end({ended_by(outcome.end), gate::Refusal::kNone});
}

void Session::on_idle() {
  if (vanished_) return end_without(*vanished_);
  end({EndedBy::kClientTimeout, gate::Refusal::kNone});
}

// Resets both: the side that is there learns of it, and nothing is sent to the other any more.
void Session::end_without(RelaySide vanished) {
  THROTTLE_CHECK(relay_.has_value());
  relay_->abort();
  const bool is_client = vanished == RelaySide::kClient;
  end({.ended_by = is_client ? EndedBy::kClient : EndedBy::kServer,
       .reason = std::string(is_client ? "the client" : "the service") +
                 " vanished: it has acknowledged nothing for " +
                 format_duration(context_.settings.vanish_timeout) + " (vanish_timeout)"});
}

void Session::abort(EndedBy why) {
  if (relay_) relay_->abort();
  cancel_preparation();
  end({why, gate::Refusal::kNone});
}

Phase Session::phase() const {
  switch (state_) {
    case ConnectionState::kPreparing:
    case ConnectionState::kLeft:
      return Phase::kPreparing;
    case ConnectionState::kConnecting:
      return Phase::kConnecting;
    default:
      return outcome_ && outcome_->end == RelayEnd::kFinished ? Phase::kNone : Phase::kData;
  }
}

void Session::on_lasting(TimePoint now) {
  if (!relay_) return;
  if (!std::exchange(upstream_is_probed_, true)) relay_->probe_upstream(kUpstreamKeepalive);
  const Duration limit = context_.settings.vanish_timeout;
  if (limit != kForever && !vanished_) vanished_ = relay_->find_vanished(limit, now);
}

TimePoint Session::idle_deadline() const {
  if (!relay_) return kNever;
  if (vanished_) return TimePoint::min();
  Duration longest = context_.settings.idle_timeout;
  if (relay_->upstream_ended()) longest = std::min(longest, context_.settings.close_timeout);
  return saturating_add(relay_->last_activity(), longest);
}

bool Session::was_served_since(TimePoint since, TimePoint now) const {
  if (!relay_) return false;
  if (connected_ < since) return relay_->last_heard() > since;
  return relay_->bytes_down() > 0 || now - connected_ >= kAtOnce;
}

TimePoint Session::spare_from() const {
  if (!relay_ || place_.is_extra()) return kNever;
  return saturating_add(relay_->last_activity(), context_.settings.idle_timeout_when_queued);
}

ConnectionRecord Session::record(const Ending& ending, TimePoint now) const {
  const gate::Visit& visit = place_.visit();
  return {.client = visit.client,
          .peer = visit.peer,
          .accepted = visit.accepted,
          .waited = since(visit.enrolled, visit.granted),
          .prepared = since(begun_, prepared_),
          .connected = since(prepared_, connected_),
          .total = now - visit.accepted,
          .bytes_up = relay_ ? relay_->bytes_up() : 0,
          .bytes_down = relay_ ? relay_->bytes_down() : 0,
          .silent = relay_ && relay_->bytes_up() == header_bytes_ && relay_->bytes_down() == 0,
          .ended_by = ending.ended_by,
          .phase = phase(),
          .refusal = ending.refusal,
          .reason = ending.reason,
          .position = visit.position};
}

ConnectionView Session::view(TimePoint now) const {
  const gate::Visit& visit = place_.visit();
  const TimePoint entered = state_ == ConnectionState::kActive       ? connected_
                            : state_ == ConnectionState::kConnecting ? prepared_
                                                                     : begun_;
  return {.client = visit.client,
          .peer = visit.peer,
          .state = state_,
          .age = now - visit.accepted,
          .in_state = now - entered,
          .bytes_up = relay_ ? relay_->bytes_up() : 0,
          .bytes_down = relay_ ? relay_->bytes_down() : 0};
}

}  // namespace throttle::proxy
