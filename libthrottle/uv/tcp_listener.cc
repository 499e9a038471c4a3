// A listening uv_tcp_t in its box. It is closed after repeated failures to accept; its owner
// reopens it.
#include "libthrottle/uv/tcp_listener.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handed_sockets.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/sockaddr.h"
#include "libthrottle/uv/sockets.h"
#include "libthrottle/uv/tcp_box.h"

namespace throttle::uv {
namespace {

// How often accepting may fail in one turn of the loop before the listener gives up. Errors of one
// client (it vanished, a firewall forbids it) come singly; libuv tries again at once, without end.
constexpr int kFailuresATurn = 16;

}  // namespace

struct TcpListener::State {
  // Closed and replaced when accepting fails.
  struct Socket {
    uv_tcp_t uv{};
    State* state = nullptr;

    uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&uv); }
  };

  Loop& loop;
  Receiver& receiver;
  SocketAddress address;
  int backlog;
  Duration keepalive = kForever;  // of what it accepts; forever: none
  BoxOwner<Socket> socket = nullptr;
  std::size_t waiting = 0;  // connections that libuv has announced and nobody took
  int failures = 0;         // in the turn at `failing_ms`
  std::uint64_t failing_ms = 0;

  Result<void> open();
  int bind_and_listen();
  void prepare();
  void prepare(TcpStream& accepted) const;
  void connection_failed(int status) noexcept;

  static void connected(uv_stream_t* uv, int status) noexcept {
    State& state = *box_of<Socket>(uv).state;
    if (status < 0) return state.connection_failed(status);
    ++state.waiting;
    state.receiver.on_connection();
  }
};

namespace {

// What to do about it; empty where nobody knows.
std::string_view advice_on(int status, const SocketAddress& address) {
  constexpr std::uint16_t kFirstFreePort = 1024;
  if (status == UV_EADDRINUSE)
    return ". Another program listens there: stop it, or choose another port";
  if (status != UV_EACCES || address.port >= kFirstFreePort) return {};
  return ". Ports below 1024 are for privileged programs: choose a higher port, or give this one "
         "the capability (setcap cap_net_bind_service=+ep FILE, or with systemd "
         "AmbientCapabilities=CAP_NET_BIND_SERVICE)";
}

}  // namespace

Result<void> TcpListener::State::open() {
  auto fresh = std::make_unique<Socket>();
  fresh->state = this;
  uv_tcp_init(loop.raw(), &fresh->uv);  // cannot fail: it opens no socket yet
  socket = own(std::move(fresh));
  if (const int status = bind_and_listen(); status < 0) {
    socket.reset();
    Error error = error_of(status, "cannot listen on " + address.to_string());
    error.message += advice_on(status, address);
    return tl::unexpected(std::move(error));
  }
  return {};
}

int TcpListener::State::bind_and_listen() {
  const auto handed = loop.handed_sockets().find(address);
  const int bound = handed ? open_duplicate(socket->uv, *handed)
                           : uv_tcp_bind(&socket->uv, Sockaddr(address).get(), 0);
  if (bound < 0) return bound;
  accept_in_order(socket->uv);
  prepare();
  if (const int status = uv_listen(socket->stream(), system_backlog(backlog), connected);
      status < 0) {
    return status;
  }
  return query_name(socket->uv, uv_tcp_getsockname, address);
}

// What all connections want is set here, where they inherit it.
void TcpListener::State::prepare() {
  if (!connections_inherit_options()) return;
  uv_tcp_nodelay(&socket->uv, 1);
  if (keepalive != kForever) uv::set_keepalive(socket->uv, keepalive);
}

void TcpListener::State::prepare(TcpStream& accepted) const {
  if (connections_inherit_options()) {
    accepted.box_->nodelay = TcpStream::Box::Nodelay::kOn;
    return;
  }
  accepted.set_nodelay();
  if (keepalive != kForever) accepted.set_keepalive(keepalive);
}

void TcpListener::State::connection_failed(int status) noexcept {
  const std::uint64_t now_ms = uv_now(loop.raw());
  failures = now_ms == failing_ms ? failures + 1 : 1;
  failing_ms = now_ms;
  // On Windows libuv stops listening by itself, after one failure.
  const bool listening = uv_is_active(as_handle(&socket->uv)) != 0;
  if (listening && failures < kFailuresATurn) return;
  socket.reset();
  waiting = 0;
  receiver.on_accept_failed(
      error_of(status, "cannot accept connections on " + address.to_string()));
}

TcpListener::TcpListener(std::unique_ptr<State> state) : state_(std::move(state)) {}
TcpListener::~TcpListener() = default;
TcpListener::TcpListener(TcpListener&&) noexcept = default;
TcpListener& TcpListener::operator=(TcpListener&&) noexcept = default;

Result<TcpListener> TcpListener::listen(Loop& loop, const SocketAddress& address,
                                        Receiver& receiver, int backlog) {
  auto state = std::unique_ptr<State>(new State{loop, receiver, address, backlog});
  if (auto opened = state->open(); !opened) return tl::unexpected(std::move(opened).error());
  return TcpListener(std::move(state));
}

void TcpListener::set_keepalive(Duration idle) {
  state_->keepalive = idle;
  state_->prepare();
}

bool TcpListener::has_waiting() const {
  return state_->waiting > 0;
}

std::optional<TcpStream> TcpListener::accept() {
  while (state_->waiting > 0) {
    --state_->waiting;
    TcpStream stream(state_->loop);
    if (uv_accept(state_->socket->stream(), stream.box_->stream()) == 0) {
      state_->prepare(stream);
      return stream;
    }
  }
  return std::nullopt;
}

const SocketAddress& TcpListener::local_address() const {
  return state_->address;
}

Result<void> TcpListener::reopen() {
  return state_->open();
}

}  // namespace throttle::uv
