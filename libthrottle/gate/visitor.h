// A connection as the gate sees it, from its acceptance to its end.
//
// The gate decides what becomes of a visitor; the class that derives from this does it to a socket
// (ThrottledListener), or to nothing (the simulation). The gate owns its visitors and is the only
// one that destroys them. Threads: the gate's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/ledger_event.h"
#include "libthrottle/gate/refusal.h"
#include "libthrottle/gate/settings.h"
#include "libthrottle/gate/visit.h"

namespace throttle::gate {

// Where a visitor is; roster.cc says what is valid in each stage.
enum class Stage : std::uint8_t {
  kArrived,   // it was accepted just now
  kHeader,    // its PROXY header is not complete
  kSilent,    // it has to send something first
  kWaiting,   // it is in the queue
  kAdmitted,  // it has its place
  kEnded,     // the ledger took its place back; its owner has not dropped it yet
};
inline constexpr std::size_t kStages = 6;

// What it has of the places of its client, where clients may have extra ones.
enum class Share : std::uint8_t { kNone, kWaits, kPlace, kExtra };

class Visitor {
 public:
  using Slot = std::uint32_t;

  Visitor() = default;
  virtual ~Visitor() = default;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  // What the client has sent so far, whether it will send nothing more, and a way to forget the
  // first `count` bytes, which were not meant for the service.
  virtual std::string_view received() const = 0;
  virtual bool has_ended() const = 0;
  virtual void skip(std::size_t count) = 0;

  // Ends the connection as one that is refused. The gate destroys the visitor right after.
  virtual void reject(Rejection rejection, Refusal refusal) noexcept = 0;
  // It has its place. Its owner may give the place back within the call.
  virtual void on_admitted() noexcept = 0;
  // The ledger took the place back. The same.
  virtual void on_place_ended(Cause cause) noexcept = 0;

  const Visit& visit() const { return visit_; }
  Stage stage() const { return stage_; }
  Share share() const { return share_; }

 private:
  friend class Arrivals;
  friend class ExtraPlaces;
  friend class Roster;
  friend class WaitingRoom;

  Slot slot_ = 0;
  Stage stage_ = Stage::kArrived;
  std::uint64_t silent_number_ = 0;  // in the order of those that have to send something first
  Share share_ = Share::kNone;
  IpAddress shares_as_;             // the client for which that counts
  std::uint64_t share_number_ = 0;  // in the order in which they came
  std::optional<ConnectionLimiter::Permit> permit_;
  Visit visit_;
};

}  // namespace throttle::gate
