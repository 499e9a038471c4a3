// A connection that is read, written and ended out of its turn where that spares a system call.
//
// libuv reports failures and ends from the loop. Reads, writes and peeks that are made at once may
// meet them earlier; then they are noted (failure), and the loop meets them again and reports them.
// After a failure the stream is dead: it reports nothing more, and writes are dropped. Boxes live
// until libuv has closed the handle, so a queued write asks closing() before it touches its box.
#include "libthrottle/uv/tcp_stream.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/buffer.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/segments.h"
#include "libthrottle/uv/sockaddr.h"
#include "libthrottle/uv/sockets.h"
#include "libthrottle/uv/tcp_box.h"
#include "libthrottle/uv/timer.h"
#include "libthrottle/uv/unix_socket.h"
#include "libthrottle/uv/write_pieces.h"

namespace throttle::uv {

// A queued write: it owns the bytes, and frees itself when libuv is done with them.
struct TcpStream::Write {
  uv_write_t uv{};
  std::string bytes;

  static void done(uv_write_t* uv, int status) noexcept {
    const std::unique_ptr<Write> write(static_cast<Write*>(uv->data));
    if (closing(*uv->handle)) return;
    auto& box = box_of<Box>(uv->handle);
    --box.pending_writes;
    if (box.dead) return;
    if (status == UV_EPIPE && box.has_more_to_read()) box.broken = true;
    if (status < 0 && !box.broken) return box.break_off(status);
    if (box.pending_writes == 0) box.receiver->on_drained();
  }
};

void TcpStream::Box::break_off(int status) noexcept {
  dead = true;
  uv_read_stop(stream());
  switch (status) {
    case UV_ECONNRESET:
    case UV_ECONNABORTED:
    case UV_EPIPE:
      return receiver->on_reset();
    default:
      return receiver->on_failed(error_of(status, "connection failed"));
  }
}

// The other side of a Unix socket may have said its last words, and closed: a TCP socket would have
// lost them with the reset that followed.
bool TcpStream::Box::has_more_to_read() const noexcept {
  char byte = 0;
  return is_pipe(uv) && !at_eof && try_peek(uv.stream, {&byte, 1}) > 0;
}

void TcpStream::Box::note_failure(int status) noexcept {
  if (status < 0 && status != UV_EAGAIN && status != UV_EOF) failure = status;
}

void TcpStream::Box::offer_buffer(uv_handle_t* uv, std::size_t, uv_buf_t* buffer) noexcept {
  auto& box = box_of<Box>(uv);
  // Without a buffer libuv reads nothing and says UV_ENOBUFS, as long as there is something.
  *buffer = box.watching ? uv_buf_init(nullptr, 0) : read_buffer_of(*box.loop);
}

void TcpStream::Box::read(uv_stream_t* uv, ssize_t size, const uv_buf_t* buffer) noexcept {
  auto& box = box_of<Box>(uv);
  if (size > 0) return box.receiver->on_bytes({buffer->base, static_cast<std::size_t>(size)});
  if (size == 0) return;  // nothing there after all
  if (size == UV_ENOBUFS && box.watching) return box.receiver->on_readable();
  if (box.failure != 0) return box.break_off(box.failure);
  if (size != UV_EOF) return box.break_off(static_cast<int>(size));
  // libuv makes an end without a buffer of a hang-up that came with the last bytes. A hang-up of
  // both directions, though we did not shut down ours, is a reset; of a Unix socket every close is.
  const bool hung_up = buffer->base == nullptr && !box.shut && !is_pipe(box.uv);
  if (hung_up || box.broken) return box.break_off(UV_ECONNRESET);
  box.at_eof = true;
  box.end_reported = true;
  box.receiver->on_eof();
}

TcpStream::TcpStream(Loop& loop, unsigned family) {
  auto box = std::make_unique<Box>(loop);
  if (family == AF_UNIX) {
    uv_pipe_init(loop.raw(), &box->uv.pipe, 0);
  } else if (uv_tcp_init_ex(loop.raw(), &box->uv.tcp, family) < 0) {
    uv_tcp_init(loop.raw(), &box->uv.tcp);  // cannot fail; connecting meets the failure again
  }
  box_ = own(std::move(box));
}

TcpStream::~TcpStream() = default;
TcpStream::TcpStream(TcpStream&&) noexcept = default;
TcpStream& TcpStream::operator=(TcpStream&&) noexcept = default;

void TcpStream::set_receiver(Receiver& receiver) {
  if (box_->receiver == &receiver) return;
  box_->receiver = &receiver;
  box_->end_reported = false;
  if (box_->reading) report_end_again();
}

void TcpStream::Box::start() {
  THROTTLE_CHECK(receiver != nullptr);
  if (dead) return;
  reading = true;
  if (at_eof) return;
  const int status = uv_read_start(stream(), offer_buffer, read);
  THROTTLE_CHECK(status == 0 || status == UV_EALREADY);
}

// Libuv reports an end once. The timer is the stream's, so that it is closed with it.
void TcpStream::report_end_again() {
  if (!box_->at_eof || box_->end_reported) return;
  if (!end_again_) {
    end_again_ = std::make_unique<Timer>(*box_->loop, bound<&Box::on_end_again>(box_.get()));
  }
  end_again_->arm(TimePoint{});
}

void TcpStream::Box::on_end_again() {
  if (!reading || end_reported) return;
  end_reported = true;
  receiver->on_eof();
}

void TcpStream::start_reading() {
  box_->watching = false;
  box_->start();
  report_end_again();
}

void TcpStream::start_watching() {
  box_->watching = true;
  box_->start();
  report_end_again();
}

void TcpStream::stop_reading() {
  box_->reading = false;
  uv_read_stop(box_->stream());
}

bool TcpStream::has_ended() {
  if (box_->dead || box_->at_eof) return box_->at_eof;
  char byte = 0;
  const int status = try_peek(box_->uv.stream, {&byte, 1});
  if (status == UV_EOF) {
    box_->at_eof = true;
    box_->end_reported = true;
    stop_reading();
  } else {
    box_->note_failure(status);
  }
  return box_->at_eof;
}

std::string_view TcpStream::read_now() {
  if (box_->dead || box_->at_eof) return {};
  const auto buffer = box_->loop->read_buffer();
  const int status = try_read(box_->uv.stream, buffer);
  box_->note_failure(status);
  return {buffer.data(), static_cast<std::size_t>(std::max(status, 0))};
}

void TcpStream::write(std::string_view head, std::string_view body) {
  write_all(head, body, Follows::kMaybeMore);
}

void TcpStream::write_last(std::string_view bytes) {
  write_all(bytes, {}, Follows::kEnd);
}

void TcpStream::write_all(std::string_view head, std::string_view body, Follows follows) {
  THROTTLE_CHECK(box_->receiver != nullptr && !box_->shut);
  Outgoing rest{head, body};
  while (rest.size() > kMostBytesOfAWrite) {
    const Outgoing piece = take_front(rest, kMostBytesOfAWrite);
    write_piece(piece.head, piece.body, Follows::kMaybeMore);
  }
  write_piece(rest.head, rest.body, follows);
}

void TcpStream::write_piece(std::string_view head, std::string_view body, Follows follows) {
  const std::size_t size = head.size() + body.size();
  THROTTLE_CHECK(size <= kMostBytesOfAWrite);
  if (box_->dead || box_->broken || size == 0) return;

  if (box_->written && box_->nodelay == Box::Nodelay::kFromSecondWrite) box_->set_nodelay();
  box_->written = true;
  const std::array buffers{buffer_of(head), buffer_of(body)};
  const unsigned count = body.empty() ? 1 : 2;
  const int status = follows == Follows::kEnd
                         ? try_write_before_end(box_->uv.stream, buffers.data(), count)
                         : uv_try_write(box_->stream(), buffers.data(), count);
  const std::size_t sent = status > 0 ? static_cast<std::size_t>(status) : 0;
  if (sent == size) return;

  // Also after an error: the queued write meets it again, and notifies the receiver from the loop.
  auto rest = std::make_unique<Write>();
  rest->bytes.reserve(size - sent);
  rest->bytes.append(head.substr(std::min(sent, head.size())));
  rest->bytes.append(body.substr(sent - std::min(sent, head.size())));
  rest->uv.data = rest.get();
  const uv_buf_t buffer = buffer_of(rest->bytes);
  THROTTLE_CHECK(uv_write(&rest->uv, box_->stream(), &buffer, 1, Write::done) == 0);
  ++box_->pending_writes;
  static_cast<void>(rest.release());  // Write::done() has it
}

std::size_t TcpStream::queued_bytes() const {
  return uv_stream_get_write_queue_size(box_->stream());
}

void TcpStream::shutdown() {
  if (box_->shut || box_->dead) return;
  box_->shut = true;
  if (box_->pending_writes == 0 && shut_down_at_once(box_->uv.stream)) return;
  auto request = std::make_unique<uv_shutdown_t>();
  const auto done = [](uv_shutdown_t* uv, int) noexcept { delete uv; };
  if (uv_shutdown(request.get(), box_->stream(), done) == 0) {
    static_cast<void>(request.release());
  }
}

void TcpStream::close() {
  end_again_.reset();
  box_.reset();
}

void TcpStream::close_with_reset() {
  end_again_.reset();
  // Not possible while a shutdown is under way; then an ordinary close has to do.
  const auto done = [](uv_handle_t* uv) noexcept { delete static_cast<Box*>(uv->data); };
  if (!is_unix() && uv_tcp_close_reset(&box_->uv.tcp, done) == 0) {
    static_cast<void>(box_.release());
  } else {
    close();
  }
}

Result<SystemSocket> TcpStream::duplicate() const {
  uv_os_sock_t socket{};
  const int status = duplicate_socket(box_->uv.stream, socket);
  if (status < 0) return fail(status, "cannot hand over the connection");
  return SystemSocket(static_cast<SystemSocket::Number>(socket));
}

void TcpStream::set_nodelay() {
  if (is_unix() || box_->nodelay != Box::Nodelay::kOff) return;
  box_->nodelay = Box::Nodelay::kFromSecondWrite;
  if (box_->written || !first_write_is_never_held_back()) box_->set_nodelay();
}

void TcpStream::Box::set_nodelay() {
  uv_tcp_nodelay(&uv.tcp, 1);
  nodelay = Nodelay::kOn;
}

void TcpStream::set_keepalive(Duration idle) {
  if (!is_unix()) uv::set_keepalive(box_->uv.tcp, idle);
}

void set_keepalive(uv_tcp_t& socket, Duration idle) {
  using std::chrono::seconds;
  const auto delay = std::clamp(std::chrono::ceil<seconds>(idle), seconds(1), seconds(32767));
  uv_tcp_keepalive(&socket, 1, static_cast<unsigned>(delay.count()));
}

bool TcpStream::is_unix() const {
  return is_pipe(box_->uv);
}

Result<SocketAddress> TcpStream::peer_address() const {
  if (is_unix()) return SocketAddress{IpAddress::of_unix(peer_user(box_->uv.stream)), 0};
  SocketAddress address;
  const int status = query_name(box_->uv.tcp, uv_tcp_getpeername, address);
  if (status < 0) return fail(status, "cannot read the address of the peer");
  return address;
}

Result<SocketAddress> TcpStream::local_address() const {
  if (is_unix()) return fail(UV_EAFNOSUPPORT, "a Unix socket has no address of its own");
  SocketAddress address;
  const int status = query_name(box_->uv.tcp, uv_tcp_getsockname, address);
  if (status < 0) return fail(status, "cannot read the local address");
  return address;
}

}  // namespace throttle::uv
