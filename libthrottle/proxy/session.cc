#include "libthrottle/proxy/session.h"

#include <algorithm>
#include <utility>

#include "libthrottle/proxy/proxy_header.h"
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
    otherwise = {EndedBy::kResource, Refusal::kExhausted};
  }
  otherwise.reason = error.message;
  return otherwise;
}

// Negative if it never came to that.
Duration since(TimePoint start, TimePoint end) {
  return end == kNever || start == kNever ? Duration(-1) : end - start;
}

}  // namespace

Session::Session(const Surroundings& surroundings, Place place)
    : around_(surroundings), place_(std::move(place)), begun_(uv::now()) {
  place_.set_receiver(*this);
}

Activation Session::activation() const {
  const Visit& visit = place_.visit();
  return {.peer = visit.peer,
          .client = visit.client,
          .waited = visit.granted - visit.enrolled,
          .queued = queued_,
          .number = number_};
}

void Session::begin(std::size_t queued) {
  queued_ = queued;
  around_.upkeep.begin(activation());
}

void Session::on_prepared(const Activation& activation, const Result<void>& verdict) {
  if (has_left()) return end({EndedBy::kClient, Refusal::kNone});
  number_ = activation.number;
  if (!verdict) return end(ending_of(verdict.error(), {EndedBy::kHook, Refusal::kHook}));
  prepared_ = uv::now();
  state_ = ConnectionState::kConnecting;
  dialer_.emplace(around_.upstream, around_.settings.connect_timeout,
                  uv::bound<&Session::on_dialled>(this));
}

void Session::on_dialled(Result<uv::TcpStream> stream) {
  if (!stream) {
    return end(ending_of(stream.error(), {EndedBy::kServer, Refusal::kUpstreamDown}));
  }
  relay(*std::move(stream));
}

// From here on the client's time runs.
void Session::relay(uv::TcpStream upstream) {
  dialer_.reset();
  connected_ = uv::now();
  state_ = ConnectionState::kActive;
  if (around_.settings.time_to_live != kForever) {
    place_.limit_hold(around_.settings.time_to_live);
  }
  HeldStream::Contents client = place_.take(HeldStream::Handover::kReading);
  std::string early = proxy_header(client.stream) + client.said;
  Relay::Receiver& receiver = *this;
  relay_.emplace(around_.loop,
                 Relay::Ends{.client = std::move(client.stream),
                             .upstream = std::move(upstream),
                             .early = std::move(early),
                             .client_ended = client.has_ended},
                 receiver);
  around_.owner.on_session_active(*this);
}

std::string Session::proxy_header(const uv::TcpStream& client) const {
  const SendProxy version = around_.settings.send_proxy;
  if (version == SendProxy::kNone) return {};
  ProxiedConnection connection{place_.visit().client, {}};
  if (const auto& told = place_.visit().destination) {
    connection.destination = *told;
  } else if (const auto local = client.local_address()) {
    connection.destination = *local;
  }
  return version == SendProxy::kV1 ? proxy_header_v1(connection) : proxy_header_v2(connection);
}

// A hook that restarts the upstream does more harm half done than done for nobody.
void Session::on_client_left() noexcept {
  const Ending ending{EndedBy::kClient, Refusal::kNone};
  const bool preparing = state_ == ConnectionState::kPreparing;
  if (!preparing || !around_.upkeep.leave(place_.visit().peer)) return end(ending);
  place_.close_connection();
  state_ = ConnectionState::kLeft;
  around_.owner.on_session_left(*this, ending);
}

void Session::cancel_preparation() {
  const bool preparing = state_ == ConnectionState::kPreparing || has_left();
  if (preparing) around_.upkeep.cancel(place_.visit().peer);
}

void Session::on_place_ended(Cause cause) noexcept {
  cancel_preparation();
  end({cause == Cause::kHoldLimit ? EndedBy::kTimeToLive : EndedBy::kKilled, Refusal::kNone});
}

void Session::on_relay_ended(const RelayOutcome& outcome) noexcept {
  outcome_ = outcome;
  end({ended_by(outcome.end), Refusal::kNone});
}

void Session::on_idle() {
  end({EndedBy::kClientTimeout, Refusal::kNone});
}

void Session::abort(EndedBy why) {
  if (relay_) relay_->abort();
  cancel_preparation();
  end({why, Refusal::kNone});
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

void Session::on_lasting() {
  if (!relay_ || std::exchange(upstream_is_probed_, true)) return;
  relay_->probe_upstream(kUpstreamKeepalive);
}

TimePoint Session::idle_deadline() const {
  if (!relay_) return kNever;
  Duration longest = around_.settings.idle_timeout;
  if (relay_->upstream_ended()) longest = std::min(longest, around_.settings.close_timeout);
  return saturating_add(relay_->last_activity(), longest);
}

ConnectionRecord Session::record(const Ending& ending, TimePoint now) const {
  const Visit& visit = place_.visit();
  return {.client = visit.client,
          .accepted = visit.accepted,
          .waited = since(visit.enrolled, visit.granted),
          .prepared = since(begun_, prepared_),
          .connected = since(prepared_, connected_),
          .total = now - visit.accepted,
          .bytes_up = relay_ ? relay_->bytes_up() : 0,
          .bytes_down = relay_ ? relay_->bytes_down() : 0,
          .ended_by = ending.ended_by,
          .phase = phase(),
          .refusal = ending.refusal,
          .reason = ending.reason,
          .position = visit.position};
}

ConnectionView Session::view(TimePoint now) const {
  const Visit& visit = place_.visit();
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
