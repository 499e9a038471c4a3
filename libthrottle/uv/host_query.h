// One question to c-ares, on the loop: for resolver.cc alone.
//
// Each question has a channel of its own, so it reads the machine's configuration as it is now and
// can be dropped at any time. Threads: the loop's.
#pragma once

#include <memory>

#include "libthrottle/core/result.h"
#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/resolver.h"

namespace throttle::uv {

class HostQuery {
 public:
  using OnDone = Resolver::OnDone;

  // As Resolver.
  HostQuery(Loop& loop, const HostPort& target, OnDone on_done, Duration limit);
  ~HostQuery();
  HostQuery(HostQuery&&) noexcept;
  HostQuery& operator=(HostQuery&&) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
