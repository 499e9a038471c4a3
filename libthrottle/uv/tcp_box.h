// What a stream keeps in its box; shared by the files that connect one. Threads: the loop's.
#pragma once

#include <uv.h>

#include "libthrottle/uv/descriptor_budget.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/tcp_stream.h"

namespace throttle::uv {

// libuv's handle of a stream: a TCP socket, or a Unix socket, which libuv calls a pipe.
union AnyStream {
  uv_tcp_t tcp;
  uv_pipe_t pipe;
  uv_stream_t stream;
};

inline bool is_pipe(const AnyStream& any) noexcept {
  return any.stream.type == UV_NAMED_PIPE;
}

struct TcpStream::Box {
  explicit Box(Loop& of) : loop(&of) { loop->add_stream(); }
  ~Box() { loop->remove_stream(); }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;

  AnyStream uv{};
  Loop* loop;
  DescriptorBudget::Ticket ticket = nullptr;  // of one that was accepted
  Receiver* receiver = nullptr;
  std::uint32_t pending_writes = 0;
  int failure = 0;  // met out of turn, for the loop to meet it again
  bool at_eof = false;
  bool end_reported = false;  // to the present receiver; only if at_eof
  bool shut = false;
  bool dead = false;
  bool reading = false;   // its receiver wants to
  bool watching = false;  // instead
  bool written = false;
  bool broken = false;  // nobody takes what is written any more, but there is still more to read
  enum class Nodelay : std::uint8_t { kOff, kFromSecondWrite, kOn };
  Nodelay nodelay = Nodelay::kOff;

  uv_stream_t* stream() { return &uv.stream; }
  // Reports a broken connection to the receiver, once; the stream may be gone when it returns.
  void break_off(int status) noexcept;

  void start();
  void on_end_again();
  void set_nodelay();
  bool has_more_to_read() const noexcept;
  // Of a status that the system reports only once.
  void note_failure(int status) noexcept;
  static void offer_buffer(uv_handle_t* uv, std::size_t, uv_buf_t* buffer) noexcept;
  static void read(uv_stream_t* uv, ssize_t size, const uv_buf_t* buffer) noexcept;
};

// TcpStream::set_keepalive(), for a listening socket too.
void set_keepalive(uv_tcp_t& socket, Duration idle);

}  // namespace throttle::uv
