// One uv_connect_t on a stream of its own, and the check that a connection did not meet itself.
#include "libthrottle/uv/tcp_connector.h"

#include <string>
#include <utility>

#include "libthrottle/uv/error.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/segments.h"
#include "libthrottle/uv/sockaddr.h"
#include "libthrottle/uv/tcp_box.h"
#include "libthrottle/uv/unix_socket.h"

namespace throttle::uv {

// libuv uses the request until its callback has run, also when the stream was closed meanwhile. So
// an attempt that was given up lives on until then.
struct TcpConnector::Attempt {
  uv_connect_t uv{};
  TcpStream stream;
  Endpoint target;
  OnDone on_done;
  bool finished = false;

  std::string what() const { return "cannot connect to " + target.to_string(); }
  tl::unexpected<Error> failure(int status) const {
    Error error = error_of(status, what());
    if (status == UV_EADDRNOTAVAIL) error.code = ErrorCode::kExhausted;  // no local port is free
    if (status == UV_EAGAIN) error.message = what() + ": it has too many connections to accept";
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
    if (status == 0) return hand_over(std::move(attempt->stream), on_done);
    attempt->stream.close();
    on_done(attempt->failure(status));
  }

  // Its new owner may say nothing yet, and read nothing: then the handshake ends alone, and so
  // does the polling that start() began.
  static void hand_over(TcpStream stream, const OnDone& on_done) {
    TcpStream::Box& box = *stream.box_;
    on_done(std::move(stream));
    if (closing(box.uv)) return;
    if (!box.written && !is_pipe(box.uv)) end_handshake(box.uv.stream);
    if (!box.reading) uv_read_stop(box.stream());
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

Result<TcpConnector> TcpConnector::start(Loop& loop, const Endpoint& target, OnDone on_done) {
  const Sockaddr address(target.address);
  const unsigned family = target.is_unix() ? AF_UNIX : address.get()->sa_family;
  auto attempt = std::unique_ptr<Attempt>(
      new Attempt{.stream = TcpStream(loop, family), .target = target, .on_done = on_done});
  attempt->uv.data = attempt.get();
  TcpStream::Box& box = *attempt->stream.box_;
  int status = 0;
  if (target.is_unix()) {
    status = connect_unix_socket(attempt->uv, box.uv.pipe, target.path, Attempt::done);
  } else {
    hold_handshake_back(box.uv.stream);
    status = uv_tcp_connect(&attempt->uv, &box.uv.tcp, address.get(), Attempt::done);
  }
  if (status < 0) return attempt->failure(status);
  // Mostly it is read as soon as it is connected: to poll for that from the start spares a call or
  // two. Where libuv says that it is too early, nothing is lost.
  uv_read_start(box.stream(), TcpStream::Box::offer_buffer, TcpStream::Box::read);
  return TcpConnector(std::unique_ptr<Attempt, GiveUp>(attempt.release()));
}

}  // namespace throttle::uv
