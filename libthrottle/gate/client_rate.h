// How often each client address may connect: N connections in a time, as a token bucket that holds
// N and fills at that rate.
//
// Kept as the instant at which the bucket of an address will be full again (the "generic cell rate
// algorithm" of ATM), so an address costs one number, and one that is full needs none. Threads:
// values only. No clock.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "libthrottle/core/hash.h"
#include "libthrottle/core/time.h"
#include "libthrottle/gate/settings.h"

namespace throttle::gate {

class ClientRate {
 public:
  // Whether an address may connect at `now`, by these limits; if so, that is counted. One that may
  // not is not made to wait longer by trying. Addresses that are one client to the limiter are one
  // here, and networks that it exempts are exempt. While kMost clients are remembered, others are
  // not limited: to refuse them would let one with many addresses keep out everybody else.
  static constexpr std::size_t kMost = 100'000;
  bool accept(const IpAddress& address, TimePoint now, const MaxRate& rate,
              const ConnectionLimiter::Config& clients);

  // Addresses that are remembered.
  std::size_t size() const { return full_again_.size(); }

 private:
  void sweep(TimePoint now, const MaxRate& rate);

  std::unordered_map<IpAddress, TimePoint, IpAddressHash> full_again_;
  std::size_t sweep_at_ = 0;                 // of its size
  TimePoint next_sweep_ = TimePoint::min();  // not before
};

}  // namespace throttle::gate
