#include "libthrottle/uv/loop.h"

#include <array>
#include <chrono>
#include <cstddef>

#include <uv.h>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/pipe_pool.h"
#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

struct Loop::State {
  uv_loop_t uv;
  std::size_t dying_children = 0;
  std::size_t streams = 0;
  PipePool pipes;
  std::array<char, 65536> read_buffer;
};

Loop::Loop() : state_(new State) {
  ignore_broken_pipes();
  THROTTLE_CHECK(uv_loop_init(&state_->uv) == 0);
}

Loop::~Loop() {
  std::size_t open_handles = 0;
  uv_walk(
      &state_->uv,
      [](uv_handle_t* handle, void* count) noexcept {
        if (uv_is_closing(handle) == 0) ++*static_cast<std::size_t*>(count);
      },
      &open_handles);
  THROTTLE_CHECK(open_handles == state_->dying_children);
  // A stop() that was not answered yet ends the first run before it began.
  while (uv_run(&state_->uv, UV_RUN_DEFAULT) != 0) {
  }
  THROTTLE_CHECK(uv_loop_close(&state_->uv) == 0);
}

void Loop::run() {
  uv_run(&state_->uv, UV_RUN_DEFAULT);
}

void Loop::stop() {
  uv_stop(&state_->uv);
}

uv_loop_s* Loop::raw() {
  return &state_->uv;
}

std::span<char> Loop::read_buffer() {
  return state_->read_buffer;
}

PipePool& Loop::pipes() {
  return state_->pipes;
}

TimePoint Loop::turn_time() const {
  return TimePoint(std::chrono::milliseconds(uv_now(&state_->uv)));
}

std::size_t Loop::open_streams() const {
  return state_->streams;
}

void Loop::add_stream() {
  ++state_->streams;
}

void Loop::remove_stream() {
  --state_->streams;
}

void Loop::add_dying_child() {
  ++state_->dying_children;
}

void Loop::remove_dying_child() {
  --state_->dying_children;
}

}  // namespace throttle::uv
