// The event loop: everything of this room that waits belongs to one and runs on its thread.
//
// Invariant: whoever uses a loop dies before it. ~Loop proves that: a handle that nobody closed is
// a bug and ends the process, so a leak fails every test. Threads: one runs the loop and uses all
// that belongs to it; only Async::wake() may be called from others.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "libthrottle/core/time.h"

struct uv_loop_s;

namespace throttle::uv {

class PipePool;

class Loop {
 public:
  // Ends the process if the system has no descriptors for it: nothing runs without a loop. From now
  // on the process ignores SIGPIPE, so that writing to a connection that is gone is an error.
  Loop();
  // Waits until what was closed is gone; a killed child process takes as long as it takes to die.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Calls back until stop() or until nothing is left that could. Not from a callback.
  void run();
  // Lets run() return after the present turn, or the next run() after its first one.
  void stop();

  // When the present turn began, to the millisecond below: costs nothing, unlike uv::now().
  TimePoint turn_time() const;

  // TCP streams, and outputs of commands, that are not gone yet; each has a descriptor.
  std::size_t open_streams() const;

  // For the other files of this room.
  uv_loop_s* raw();
  // Where all streams of the loop read into, in turn; its content is good until the callback
  // returns. So a connection that is silent has no buffer.
  std::span<char> read_buffer();
  // For the pumps of the loop.
  PipePool& pipes();
  // Child processes that were killed and abandoned, but have not ended yet.
  void add_dying_child();
  void remove_dying_child();
  void add_stream();
  void remove_stream();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
