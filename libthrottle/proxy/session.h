// One connection that has its place: prepared, connected to the upstream, relayed.
//
// Threads: the loop's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "libthrottle/gate/throttled_listener.h"
#include "libthrottle/proxy/dialer.h"
#include "libthrottle/proxy/maintenance.h"
#include "libthrottle/proxy/relay.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {

// After this time of silence the system probes an upstream.
inline constexpr Duration kUpstreamKeepalive = std::chrono::seconds(60);

class Session final : gate::Place::Receiver, Relay::Receiver {
 public:
  // How it ended. With a `refusal` its client still has to be turned away: turn_away().
  struct Ending {
    EndedBy ended_by = EndedBy::kNormal;
    gate::Refusal refusal = gate::Refusal::kNone;
    std::string reason = {};  // for people, if the letters do not say everything
  };

  class Owner {
   public:
    // The owner destroys the session as the last thing it does.
    virtual void on_session_ended(Session& session, const Ending& ending) noexcept = 0;
    // The connection is over, but the session keeps its place until its hook has ended.
    virtual void on_session_left(Session& session, const Ending& ending) noexcept = 0;
    // Bytes flow from now on.
    virtual void on_session_active(Session& session) noexcept = 0;

   protected:
    ~Owner() = default;
  };

  struct Context {
    uv::Loop& loop;
    Maintenance& maintenance;
    Upstream& upstream;
    const Settings& settings;  // in force when something is decided
    Owner& owner;
  };

  Session(const Context& context, gate::Place place);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Begins with the preparation. May end the session.
  void begin(std::size_t queued);
  // The answer of the maintenance. The same.
  void on_prepared(const Activation& activation, const Result<void>& verdict);
  // Its idle_deadline() is over. The same.
  void on_idle();
  // It lasts, and is looked at: from now on the system probes its upstream, and a side that has
  // vanished is noticed. May be called repeatedly.
  void on_lasting(TimePoint now);
  // Cuts it off; resets both sides.
  void abort(EndedBy why);
  // Ends the connection to the client as one that is refused. Drops the place.
  void turn_away(gate::Refusal refusal) { place_.turn_away(refusal); }

  bool is_active() const { return relay_.has_value(); }
  bool has_left() const { return state_ == ConnectionState::kLeft; }
  const gate::Visit& visit() const { return place_.visit(); }
  Activation activation() const;
  ConnectionRecord record(const Ending& ending, TimePoint now) const;
  ConnectionView view(TimePoint now) const;
  // When it is idle for too long unless a byte moves, long ago if a side has vanished; kNever while
  // it is not active.
  TimePoint idle_deadline() const;
  // When its idle_timeout_when_queued is over unless a byte moves: from then on it ends if others
  // wait for its place. kNever while it is not active, and if it holds an extra place.
  TimePoint spare_from() const;
  // Whether the upstream has sent it a byte since then, or it has connected to it since then and
  // the upstream did not hang up at once.
  bool was_served_since(TimePoint since, TimePoint now) const;

 private:
  void on_client_left() noexcept override;
  void on_place_ended(Cause cause) noexcept override;
  void on_relay_ended(const RelayOutcome& outcome) noexcept override;
  void on_hung_up(uv::TcpStream client) noexcept override;
  void dial();
  void on_dialled(Result<uv::TcpStream> stream);
  // The step is an allowed one.
  void move(ConnectionState to);
  void relay(uv::TcpStream upstream);
  std::string proxy_header(const uv::TcpStream& client) const;
  TimePoint connect_deadline() const;
  TimePoint retry_deadline() const;
  void end(const Ending& ending);
  void end_without(RelaySide vanished);
  void cancel_preparation();
  Phase phase() const;

  Context context_;
  gate::Place place_;
  ConnectionState state_ = ConnectionState::kPreparing;
  TimePoint begun_;
  TimePoint prepared_ = kNever;
  TimePoint connected_ = kNever;
  std::size_t queued_ = 0;
  std::uint64_t number_ = 0;
  bool upstream_is_probed_ = false;
  std::size_t header_bytes_ = 0;  // of a PROXY header that the upstream was sent
  std::optional<RelaySide> vanished_;
  std::optional<Dialer> dialer_;
  std::optional<uv::Timer> retry_timer_;  // after an upstream that hung up
  std::optional<Relay> relay_;
  std::optional<RelayOutcome> outcome_;
  bool ended_ = false;  // its owner was notified, and destroys it
};

}  // namespace throttle::proxy
