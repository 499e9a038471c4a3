// Finds the addresses of a host name.
//
// The system's resolver blocks, for many seconds if a name server is silent. So every lookup has a
// thread of its own, which is left behind when nobody wants its answer any more: a dead name server
// delays neither another lookup nor the end of the program, as it would in libuv's thread pool.
// Threads: Resolver the loop's, resolve() any.
#pragma once

#include <memory>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;

// Never empty, without duplicates, in the order in which they should be tried.
using Addresses = std::vector<SocketAddress>;

// Looks `target` up and blocks until that is done; for the start of a program. A numeric host needs
// no system. Errors name the host: kNotFound if there is none of that name, kUnavailable if the
// system cannot tell now.
Result<Addresses> resolve(const HostPort& target);

// One lookup on the side. Destroying it drops the answer.
class Resolver {
 public:
  // As the result of resolve(). The callback may destroy the resolver as the last thing it does.
  using OnDone = Callback<void(Result<Addresses>)>;

  // Begins. `on_done` is called once, in a later turn of the loop; for a numeric host in the next.
  Resolver(Loop& loop, const HostPort& target, OnDone on_done);
  ~Resolver();
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
