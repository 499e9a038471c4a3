// Owns a libuv loop or adopts one, and proves at its end that nothing was left in it.
#include "libthrottle/uv/loop.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <uv.h>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/descriptor_budget.h"
#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handed_sockets.h"
#include "libthrottle/uv/host_table.h"
#include "libthrottle/uv/pipe_pool.h"
#include "libthrottle/uv/process_ender.h"
#include "libthrottle/uv/process_tree.h"
#include "libthrottle/uv/sockets.h"

namespace throttle::uv {

struct Loop::State {
  uv_loop_t own;
  uv_loop_t* uv = &own;
  std::size_t dying_children = 0;
  std::size_t streams = 0;
  DescriptorBudget budget{descriptor_limit()};
  PipePool pipes;
  std::string name_servers;
  HostTable hosts;
  HandedSockets handed_sockets;
  OpensFilesAs opens_files_as;
  std::optional<ProcessEnder> ender;  // since the first command was killed
  std::array<char, 65536> read_buffer;

  // What may be open at the end of the loop, and closes itself soon.
  std::size_t self_closing() const { return dying_children + (ender && ender->is_busy() ? 1 : 0); }
};

Loop::Loop(std::unique_ptr<State> state) : state_(std::move(state)) {}

Loop::Loop() : state_(new State) {
  ignore_broken_pipes();
  THROTTLE_CHECK(uv_loop_init(&state_->own) == 0);
}

Result<std::unique_ptr<Loop>> Loop::create() {
  ignore_broken_pipes();
  auto state = std::make_unique<State>();
  if (const int status = uv_loop_init(&state->own); status < 0)
    return fail(status, "cannot create an event loop");
  return std::unique_ptr<Loop>(new Loop(std::move(state)));
}

Loop::Loop(uv_loop_s& adopted) : state_(new State) {
  ignore_broken_pipes();
  state_->uv = &adopted;
}

Loop::~Loop() {
  if (is_adopted()) {
    THROTTLE_CHECK(state_->streams == 0 && state_->self_closing() == 0);
    return;
  }
  std::size_t open_handles = 0;
  uv_walk(
      state_->uv,
      [](uv_handle_t* handle, void* count) noexcept {
        if (uv_is_closing(handle) == 0) ++*static_cast<std::size_t*>(count);
      },
      &open_handles);
  THROTTLE_CHECK(open_handles == state_->self_closing());
  // A stop() that was not answered yet ends the first run before it began.
  while (uv_run(state_->uv, UV_RUN_DEFAULT) != 0) {
  }
  THROTTLE_CHECK(uv_loop_close(state_->uv) == 0);
}

void Loop::run() {
  THROTTLE_CHECK(!is_adopted());
  uv_run(state_->uv, UV_RUN_DEFAULT);
}

void Loop::stop() {
  THROTTLE_CHECK(!is_adopted());
  uv_stop(state_->uv);
}

uv_loop_s* Loop::raw() {
  return state_->uv;
}

bool Loop::is_adopted() const {
  return state_->uv != &state_->own;
}

std::span<char> Loop::read_buffer() {
  return state_->read_buffer;
}

void Loop::set_name_servers(std::string servers) {
  state_->name_servers = std::move(servers);
}

const std::string& Loop::name_servers() const {
  return state_->name_servers;
}

HostTable& Loop::hosts() {
  return state_->hosts;
}

HandedSockets& Loop::handed_sockets() {
  return state_->handed_sockets;
}

void Loop::set_opens_files_as(OpensFilesAs as) {
  state_->opens_files_as = std::move(as);
}

const Loop::OpensFilesAs& Loop::opens_files_as() const {
  return state_->opens_files_as;
}

ProcessEnder& Loop::process_ender() {
  if (!state_->ender) state_->ender.emplace(*this, kill_marked);
  return *state_->ender;
}

DescriptorBudget& Loop::descriptor_budget() {
  return state_->budget;
}

std::size_t Loop::open_descriptors() const {
  return state_->streams + 2 * state_->pipes.open();
}

bool Loop::may_open_descriptor() const {
  return open_descriptors() < state_->budget.usable();
}

bool Loop::may_open_pipe() const {
  return open_descriptors() + 2 <= state_->budget.usable();
}

PipePool& Loop::pipes() {
  return state_->pipes;
}

TimePoint Loop::turn_time() const {
  return TimePoint(std::chrono::milliseconds(uv_now(state_->uv)));
}

std::size_t Loop::open_streams() const {
  return state_->streams;
}

void Loop::add_stream() {
  ++state_->streams;
}

void Loop::remove_stream() {
  THROTTLE_CHECK(state_->streams > 0);
  --state_->streams;
}

void Loop::add_dying_child() {
  ++state_->dying_children;
}

void Loop::remove_dying_child() {
  THROTTLE_CHECK(state_->dying_children > 0);
  --state_->dying_children;
}

}  // namespace throttle::uv
