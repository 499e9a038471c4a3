// Finds the addresses of a host name, without blocking and without code of the machine.
//
// c-ares asks: the hosts file and the name servers, in the order of nsswitch.conf, on the loop. The
// system's own getaddrinfo() is never called. It blocks for many seconds while a name server is
// silent, and it loads the name-service modules of the machine it runs on, which a static
// executable built elsewhere does not survive.
//
// Some names need no system at all: numeric hosts; `localhost` and names below it, which are
// 127.0.0.1 and ::1 (RFC 6761, also without a hosts file); and names below `invalid`, which never
// exist. Threads: Resolver the loop's, known_host() any.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;

// Never empty, without duplicates, in the order in which they should be tried.
using Addresses = std::vector<SocketAddress>;

struct ResolvedHost {
  Addresses addresses;
  // How long they may be used before the name is looked up again: what the name server said, 0 for
  // names of the hosts file, kForever for what needs no look-up.
  Duration time_to_live = kForever;

  bool operator==(const ResolvedHost&) const = default;
};

// Such a look-up has failed when it is over; name servers are asked three times each until then.
inline constexpr Duration kLookUpLimit = std::chrono::seconds(20);

// The answer for a host that needs no system, as Resolver gives it; nothing for all others.
std::optional<Result<ResolvedHost>> known_host(const HostPort& target);

// One lookup. Destroying it drops the answer.
class Resolver {
 public:
  // The addresses with the port of the target. Errors name the host: kNotFound if it does not exist
  // or has no address, kUnavailable if no name server answers, kExhausted without descriptors or
  // memory. The callback may destroy the resolver as the last thing it does.
  using OnDone = Callback<void(Result<ResolvedHost>)>;

  // Begins. `on_done` is called once, in a later turn of the loop, within `limit`; for a name that
  // needs no system in the next turn.
  Resolver(Loop& loop, const HostPort& target, OnDone on_done, Duration limit = kLookUpLimit);
  ~Resolver();
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
