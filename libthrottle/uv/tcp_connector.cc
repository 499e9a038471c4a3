#include "libthrottle/uv/tcp_connector.h"

#include <utility>

#include "libthrottle/uv/error.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/sockaddr.h"
#include "libthrottle/uv/tcp_box.h"

namespace throttle::uv {

// libuv uses the request until its callback has run, also when the stream was closed meanwhile. So
// an attempt that was given up lives on until then.
struct TcpConnector::Attempt {
  uv_connect_t uv{};
  TcpStream stream;
  SocketAddress target;
  OnDone on_done;
  bool finished = false;

  tl::unexpected<Error> failure(int status) const {
    Error error = error_of(status, "cannot connect to " + target.to_string());
    if (status == UV_EADDRNOTAVAIL) error.code = ErrorCode::kExhausted;  // no local port is free
    return tl::unexpected(std::move(error));
  }

  static void done(uv_connect_t* uv, int status) noexcept {
    auto* attempt = static_cast<Attempt*>(uv->data);
    if (!attempt->stream.is_open()) {
      delete attempt;
      return;
    }
    attempt->finished = true;
    const OnDone on_done = attempt->on_done;
    if (status == 0) return on_done(std::move(attempt->stream));
    attempt->stream.close();
    on_done(attempt->failure(status));
  }
};

void TcpConnector::GiveUp::operator()(Attempt* attempt) const noexcept {
  if (attempt->finished) {
    delete attempt;
  } else {
    attempt->stream.close();
  }
}

TcpConnector::TcpConnector(std::unique_ptr<Attempt, GiveUp> attempt)
    : attempt_(std::move(attempt)) {}
TcpConnector::~TcpConnector() = default;
TcpConnector::TcpConnector(TcpConnector&&) noexcept = default;
TcpConnector& TcpConnector::operator=(TcpConnector&&) noexcept = default;

Result<TcpConnector> TcpConnector::start(Loop& loop, const SocketAddress& target, OnDone on_done) {
  auto attempt = std::unique_ptr<Attempt>(
      new Attempt{.stream = TcpStream(loop), .target = target, .on_done = on_done});
  attempt->uv.data = attempt.get();
  const int status = uv_tcp_connect(&attempt->uv, &attempt->stream.box_->uv, Sockaddr(target).get(),
                                    Attempt::done);
  if (status < 0) return attempt->failure(status);
  return TcpConnector(std::unique_ptr<Attempt, GiveUp>(attempt.release()));
}

}  // namespace throttle::uv
