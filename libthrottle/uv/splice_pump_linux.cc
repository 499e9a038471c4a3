// source socket → pipe → target socket, in the kernel. The pump holds a pipe only while there are
// bytes in it: what the target did not take waits there, and what is too little for that is copied.
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include <uv.h>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/splice_pump.h"
#include "libthrottle/uv/tcp_box.h"

namespace throttle::uv {
namespace {

int descriptor_of(const AnyStream& any) {
  uv_os_fd_t descriptor = -1;
  THROTTLE_CHECK(uv_fileno(reinterpret_cast<const uv_handle_t*>(&any), &descriptor) == 0);
  return descriptor;
}

// How many bytes, or -1 and errno.
ssize_t splice_some(int from, int to, std::size_t most) {
  ssize_t moved = 0;
  do {
    moved = splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (moved < 0 && errno == EINTR);
  return moved;
}

SplicePump::State state_after(int error) {
  using State = SplicePump::State;
  switch (error) {
    case EAGAIN:
      return State::kFlowing;
    case ECONNRESET:
    case EPIPE:
      return State::kSourceReset;
    case EINVAL:
    case ENOMEM:
    case ENOSYS:
    case EPERM:  // a sandbox
      return State::kUnavailable;
    default:
      return State::kSourceFailed;
  }
}

}  // namespace

bool SplicePump::is_available() noexcept {
  return true;
}

SplicePump::SplicePump(Loop& loop) : loop_(loop), pool_(loop.pipes()) {}

SplicePump::~SplicePump() {
  if (pipe_) pool_.forget();
}

SplicePump::Moved SplicePump::move(TcpStream& source, TcpStream& target, std::size_t most) {
  THROTTLE_CHECK(!pipe_);
  pipe_ = pool_.take(loop_.may_open_pipe());
  if (!pipe_) return {State::kUnavailable, 0};

  const ssize_t taken = splice_some(descriptor_of(source.box_->uv), pipe_->write_end(), most);
  if (taken <= 0) {
    const State state = taken == 0 ? State::kSourceEnded : state_after(errno);
    release_pipe();
    return {state, 0};
  }
  const auto bytes = static_cast<std::size_t>(taken);
  held_bytes_ = bytes;
  return {go_on(target), bytes};
}

SplicePump::State SplicePump::go_on(TcpStream& target) {
  const int descriptor = descriptor_of(target.box_->uv);
  bool is_queued = false;
  while (held_bytes_ > 0 && !is_queued) {
    const ssize_t passed = splice_some(pipe_->read_end(), descriptor, held_bytes_);
    if (passed > 0) {
      held_bytes_ -= static_cast<std::size_t>(passed);
    } else {
      is_queued = queue_a_little(target);
    }
  }
  if (held_bytes_ == 0 && pipe_) release_pipe();
  return is_queued ? State::kHeld : State::kFlowing;
}

// The target is full or gone, and only libuv may wait for its descriptor. So a little is written
// the ordinary way: the stream reports when that is out, or what is wrong. False if it was taken at
// once.
bool SplicePump::queue_a_little(TcpStream& target) {
  std::array<char, 4096> bytes;
  const ssize_t size = read(pipe_->read_end(), bytes.data(), std::min(bytes.size(), held_bytes_));
  THROTTLE_CHECK(size > 0);
  held_bytes_ -= static_cast<std::size_t>(size);
  target.write({bytes.data(), static_cast<std::size_t>(size)});
  return target.queued_bytes() > 0;
}

void SplicePump::release_pipe() {
  pool_.give_back(*std::move(pipe_));
  pipe_.reset();
}

}  // namespace throttle::uv
