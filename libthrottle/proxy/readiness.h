// Finds out whether an upstream serves again after its restart, by trial connections.
//
// That it accepts a connection proves nothing where something stands before it that accepts for it
// (docker-proxy, ssh -L, socat): that one closes the connection at once if the service is not there
// yet. So a trial has to stay open for a moment, or the upstream has to say something.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/proxy/dialer.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {

class Readiness final : uv::TcpStream::Receiver {
 public:
  struct Times {
    Duration stay{};     // that a trial has to stay open
    Duration timeout{};  // of all trials together
  };
  // The error names the upstream, and says what the last trial met. Comes from the loop. The
  // callback may destroy this object as the last thing it does.
  using OnDone = uv::Callback<void(Result<void>)>;

  // Begins. `loop` and `upstream` outlive it.
  Readiness(uv::Loop& loop, Upstream& upstream, const Times& times, OnDone on_done);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

 private:
  void dial();
  void on_dialled(Result<uv::TcpStream> stream);
  void on_timer();
  void on_bytes(std::string_view) noexcept override { finish({}); }
  void on_eof() noexcept override { on_closed(); }
  void on_drained() noexcept override {}
  void on_reset() noexcept override { on_closed(); }
  void on_failed(const Error&) noexcept override { on_closed(); }
  void on_closed();
  void finish(Result<void> verdict);

  Upstream& upstream_;
  Times times_;
  OnDone on_done_;
  TimePoint deadline_;
  std::size_t closed_trials_ = 0;
  std::optional<Dialer> dialer_;         // while it connects
  std::optional<uv::TcpStream> stream_;  // while a trial has to stay open
  uv::Timer timer_;                      // its end, or the pause after one that did not stay
};

}  // namespace throttle::proxy
