// One connection that has its place: prepared, connected to the upstream, relayed.
//
// Threads: the loop's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "libthrottle/proxy/dialer.h"
#include "libthrottle/proxy/relay.h"
#include "libthrottle/proxy/reports.h"
#include "libthrottle/proxy/throttled_listener.h"
#include "libthrottle/proxy/upkeep.h"

namespace throttle::proxy {

// An upstream that is silent for so long is probed.
inline constexpr Duration kUpstreamKeepalive = std::chrono::seconds(60);

class Session final : Place::Receiver, Relay::Receiver {
 public:
  // How it ended. `refusal`: its client still is to be told, in turn_away().
  struct Ending {
    EndedBy ended_by = EndedBy::kNormal;
    Refusal refusal = Refusal::kNone;
    std::string reason = {};  // for people, where the letters do not say all
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

  struct Surroundings {
    uv::Loop& loop;
    Upkeep& upkeep;
    Upstream& upstream;
    const Settings& settings;  // in force when something is decided
    Owner& owner;
  };

  Session(const Surroundings& surroundings, Place place);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Begins with the preparation. May end the session.
  void begin(std::size_t queued);
  // The answer of the upkeep. The same.
  void on_prepared(const Activation& activation, const Result<void>& verdict);
  // Nothing has moved for too long. The same.
  void on_idle();
  // It may last: from now on the system probes its upstream. May be told again and again.
  void on_lasting();
  // Cuts it off; resets both sides.
  void abort(EndedBy why);
  // Ends the connection to the client as one that is refused. Drops the place.
  void turn_away(Refusal refusal) { place_.turn_away(refusal); }

  bool is_active() const { return relay_.has_value(); }
  bool has_left() const { return state_ == ConnectionState::kLeft; }
  const Visit& visit() const { return place_.visit(); }
  Activation activation() const;
  ConnectionRecord record(const Ending& ending, TimePoint now) const;
  ConnectionView view(TimePoint now) const;
  // When it is idle for too long unless a byte moves; kNever while it is not active.
  TimePoint idle_deadline() const;

 private:
  void on_client_left() noexcept override;
  void on_place_ended(Cause cause) noexcept override;
  void on_relay_ended(const RelayOutcome& outcome) noexcept override;
  void on_dialled(Result<uv::TcpStream> stream);
  void relay(uv::TcpStream upstream);
  std::string proxy_header(const uv::TcpStream& client) const;
  void end(const Ending& ending) { around_.owner.on_session_ended(*this, ending); }
  void cancel_preparation();
  Phase phase() const;

  Surroundings around_;
  Place place_;
  ConnectionState state_ = ConnectionState::kPreparing;
  TimePoint begun_;
  TimePoint prepared_ = kNever;
  TimePoint connected_ = kNever;
  std::size_t queued_ = 0;
  std::uint64_t number_ = 0;
  bool upstream_is_probed_ = false;
  std::optional<Dialer> dialer_;
  std::optional<Relay> relay_;
  std::optional<RelayOutcome> outcome_;
};

}  // namespace throttle::proxy
