// Connects to the upstream: each address of its host in turn, and again after a pause while none of
// them answers, until the time is over. So an upstream that is just starting is waited for.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/resolver.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::uv {
class Loop;
}

namespace throttle::proxy {

// Where the upstream is: a host and a port, or a Unix socket, whose address is that of a client of
// one. A host name is looked up when it is first needed, and again when the time
// that the name server gave its addresses is over or an attempt went unanswered; meanwhile the old
// ones are used. It remembers which address answered last, and keeps the time for all its dialers:
// a connection to an upstream that is there costs neither a look-up nor a timer.
class Upstream {
 public:
  // `loop` outlives it, and it outlives its dialers.
  Upstream(uv::Loop& loop, HostPort target);
  // With addresses that are never looked up; not empty.
  Upstream(uv::Loop& loop, HostPort target, uv::Addresses addresses);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  const HostPort& target() const;
  // Another one from now on; an attempt at the old one continues.
  void set_target(HostPort target);

  // Is called with each address that is connected to, if it is another one than before. It must not
  // destroy anything of the proxy.
  using OnReached = std::function<void(const SocketAddress&)>;
  void set_on_reached(OnReached on_reached);

  // Whether it serves, as far as is known. A dialer that fails notes it by itself, unless nothing
  // of ours was left to dial with. One that succeeds does not: what accepts connections may hang
  // up.
  void note_success();
  void note_failure(std::string why);
  // Why it does not; empty if the last news was good, or there is none.
  const std::string& failure() const;
  TimePoint failed_at() const;  // when that was noted last

 private:
  friend class Dialer;
  struct State;
  std::unique_ptr<State> state_;
};

// One connection to be made. Destroying it gives up, and nothing is reported.
class Dialer {
 public:
  // Whether a round over all addresses is repeated until the time is over.
  enum class Rounds : std::uint8_t { kUntilTimeout, kOne };

  // The stream, with TCP_NODELAY; or, when `timeout` is over, an error that names the upstream and
  // the last reason: kExhausted if it was for want of descriptors, memory or ports that no address
  // could be tried any more, else kUnavailable. The callback may destroy the dialer (but not the
  // upstream) as the last thing it does. It comes from the loop, never from within the constructor.
  using OnDone = uv::Callback<void(Result<uv::TcpStream>)>;

  // Begins; `upstream` outlives it.
  Dialer(Upstream& upstream, Duration timeout, OnDone on_done,
         Rounds rounds = Rounds::kUntilTimeout);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  std::size_t attempts() const;  // so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::proxy
