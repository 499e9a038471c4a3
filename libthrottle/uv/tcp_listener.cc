// A listening socket in its box. It is closed after repeated failures to accept; its owner
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
#include "libthrottle/uv/unix_socket.h"

namespace throttle::uv {
namespace {

// How often accepting may fail in one turn of the loop before the listener gives up. Errors of one
// client (it vanished, a firewall forbids it) come singly; libuv tries again at once, without end.
constexpr int kFailuresATurn = 16;

}  // namespace

struct TcpListener::State {
  // Closed and replaced when accepting fails.
  struct Socket {
    AnyStream uv{};
    State* state = nullptr;

    uv_stream_t* stream() { return &uv.stream; }
  };

  Loop& loop;
  Receiver& receiver;
  Endpoint where;
  Options options;
  Duration keepalive = kForever;  // of what it accepts; forever: none
  BoxOwner<Socket> socket = nullptr;
  std::optional<UnixSocketFile> file = std::nullopt;  // of the same; goes first
  std::size_t waiting = 0;  // connections that libuv has announced and nobody took
  int failures = 0;         // in the turn at `failing_ms`
  std::uint64_t failing_ms = 0;

  Result<void> open();
  Result<void> bind();
  Result<void> bind_unix();
  Result<void> result_of(int status) const;
  int start_listening();
  void close();
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
std::string_view advice_on(int status, const Endpoint& where) {
  constexpr std::uint16_t kFirstFreePort = 1024;
  if (where.is_unix()) return {};
  if (status == UV_EADDRINUSE)
    return ". Another program listens there: stop it, or choose another port";
  if (status != UV_EACCES || where.address.port >= kFirstFreePort) return {};
  return ". Ports below 1024 are for privileged programs: choose a higher port, or give this one "
         "the capability (setcap cap_net_bind_service=+ep FILE, or with systemd "
         "AmbientCapabilities=CAP_NET_BIND_SERVICE)";
}

}  // namespace

Result<void> TcpListener::State::open() {
  auto fresh = std::make_unique<Socket>();
  fresh->state = this;
  // Neither can fail: they open no socket yet.
  if (where.is_unix())
    uv_pipe_init(loop.raw(), &fresh->uv.pipe, 0);
  else
    uv_tcp_init(loop.raw(), &fresh->uv.tcp);
  socket = own(std::move(fresh));
  auto opened = bind();
  if (opened) opened = result_of(start_listening());
  if (!opened) close();
  return opened;
}

Result<void> TcpListener::State::result_of(int status) const {
  if (status >= 0) return {};
  Error error = error_of(status, "cannot listen on " + where.to_string());
  error.message += advice_on(status, where);
  return tl::unexpected(std::move(error));
}

Result<void> TcpListener::State::bind() {
  if (const auto handed = loop.handed_sockets().find(where))
    return result_of(open_duplicate(socket->uv.stream, *handed));
  if (where.is_unix()) return bind_unix();
  return result_of(uv_tcp_bind(&socket->uv.tcp, Sockaddr(where.address).get(), 0));
}

Result<void> TcpListener::State::bind_unix() {
  Result<BoundUnixSocket> bound = throttle::fail(ErrorCode::kUnavailable, "nothing was opened");
  const auto bind_it = [&] { bound = bind_unix_socket(where.path, options.socket_mode); };
  if (const auto& as = loop.opens_files_as()) {
    if (auto allowed = as(bind_it); !allowed) return allowed;
  } else {
    bind_it();
  }
  if (!bound) return tl::unexpected(std::move(bound).error());
  file = std::move(bound->file);
  const int status = uv_pipe_open(&socket->uv.pipe, bound->descriptor);
  if (status < 0) close_socket(static_cast<uv_os_sock_t>(bound->descriptor));
  return result_of(status);
}

int TcpListener::State::start_listening() {
  if (!where.is_unix()) {
    accept_in_order(socket->uv.tcp);
    prepare();
  }
  const int status = uv_listen(socket->stream(), system_backlog(options.backlog), connected);
  if (status < 0 || where.is_unix()) return status;
  return query_name(socket->uv.tcp, uv_tcp_getsockname, where.address);
}

void TcpListener::State::close() {
  file.reset();
  socket.reset();
}

// What all connections want is set here, where they inherit it.
void TcpListener::State::prepare() {
  if (!connections_inherit_options() || where.is_unix()) return;
  uv_tcp_nodelay(&socket->uv.tcp, 1);
  if (keepalive != kForever) uv::set_keepalive(socket->uv.tcp, keepalive);
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
  close();
  waiting = 0;
  receiver.on_accept_failed(error_of(status, "cannot accept connections on " + where.to_string()));
}

TcpListener::TcpListener(std::unique_ptr<State> state) : state_(std::move(state)) {}
TcpListener::~TcpListener() = default;
TcpListener::TcpListener(TcpListener&&) noexcept = default;
TcpListener& TcpListener::operator=(TcpListener&&) noexcept = default;

Result<TcpListener> TcpListener::listen(Loop& loop, const Endpoint& where, Receiver& receiver,
                                        const Options& options) {
  auto state = std::unique_ptr<State>(new State{loop, receiver, where, options});
  if (auto opened = state->open(); !opened) return tl::unexpected(std::move(opened).error());
  return TcpListener(std::move(state));
}

void TcpListener::set_keepalive(Duration idle) {
  state_->keepalive = idle;
  state_->prepare();
}

void TcpListener::set_socket_mode(unsigned mode) {
  state_->options.socket_mode = mode;
  if (state_->file) state_->file->set_mode(mode);
}

bool TcpListener::has_waiting() const {
  return state_->waiting > 0;
}

std::optional<TcpStream> TcpListener::accept() {
  while (state_->waiting > 0) {
    --state_->waiting;
    TcpStream stream(state_->loop, state_->where.is_unix() ? AF_UNIX : AF_UNSPEC);
    if (uv_accept(state_->socket->stream(), stream.box_->stream()) == 0) {
      state_->prepare(stream);
      return stream;
    }
  }
  return std::nullopt;
}

const SocketAddress& TcpListener::local_address() const {
  return state_->where.address;
}

Result<void> TcpListener::reopen() {
  return state_->open();
}

}  // namespace throttle::uv
