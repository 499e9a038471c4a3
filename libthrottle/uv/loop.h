// The event loop: everything of this room that waits belongs to one and runs on its thread.
//
// A program that has a libuv loop already lets this one adopt it, and goes on running it itself:
//
//   uv_loop_t uv;
//   uv_loop_init(&uv);
//   {
//     Loop loop(uv);
//     {
//       LedgerRuntime runtime(loop);          // and a listener and so on
//       uv_run(&uv, UV_RUN_DEFAULT);
//     }
//     uv_run(&uv, UV_RUN_DEFAULT);            // until the handles of the runtime are closed
//   }
//   uv_loop_close(&uv);
//
// Invariant: an object that uses a loop is destroyed before it. ~Loop proves that: a handle that
// nobody closed is a bug and ends the process, so a leak fails every test. Threads: one runs the
// loop and uses all that belongs to it; only Async::wake() may be called from others.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"

struct uv_loop_s;

namespace throttle::uv {

class DescriptorBudget;
class HandedSockets;
class HostTable;
class PipePool;
class ProcessEnder;

class Loop {
 public:
  // The process ignores SIGPIPE from now on, so that writing to a connection that is gone is an
  // error. Error kExhausted if the system has no descriptors for a loop.
  static Result<std::unique_ptr<Loop>> create();
  // The same for callers that cannot go on without a loop: ends the process on such an error.
  Loop();
  // Adopts an initialised loop of the program, which runs it, closes it and keeps its `data`. It
  // outlives this object. The process ignores SIGPIPE as above.
  explicit Loop(uv_loop_s& adopted);
  // Waits until what was closed is gone; a killed child process takes as long as it takes to die.
  // An adopted loop is not run: the program has run it since the last stream and the last process
  // on it were destroyed, until open_streams() was 0.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Calls back until stop() or until nothing is left that could. Not from a callback, and not for
  // an adopted loop.
  void run();
  // Lets run() return after the present turn, or the next run() after its first one. Not for an
  // adopted loop.
  void stop();

  // When the present turn began, to the millisecond below: costs nothing, unlike uv::now().
  TimePoint turn_time() const;

  // TCP streams, watches of them, and outputs of commands that are not gone yet; each has a
  // descriptor.
  std::size_t open_streams() const;

  // Has names looked up at these servers ("127.0.0.1:5353,[::1]:5353") instead of those that the
  // system names, from the next look-up on; empty means the system's.
  void set_name_servers(std::string servers);
  const std::string& name_servers() const;

  // Addresses of the hosts that something on this loop is going to listen on. A program that runs
  // already fills the table before it listens (HostLookups), so that nothing blocks it.
  HostTable& hosts();
  // Sockets that listeners use where they have the same address.
  HandedSockets& handed_sockets();
  // What surrounds the creation of a Unix socket's file, for a program that is about to become
  // another user; empty: nothing.
  using OpensFilesAs = std::function<Result<void>(const std::function<void()>& open)>;
  void set_opens_files_as(OpensFilesAs as);
  const OpensFilesAs& opens_files_as() const;

  // The same, and those of the pipes for bulk transfer.
  std::size_t open_descriptors() const;

  // For the other files of this room.
  uv_loop_s* raw();
  // Where all streams of the loop read into, in turn; its content is good until the callback
  // returns. So a connection that is silent has no buffer.
  std::span<char> read_buffer();
  // For the acceptors of the loop.
  DescriptorBudget& descriptor_budget();
  // Whether the budget allows one more for something that can be done without.
  bool may_open_descriptor() const;
  // The same of two, for a pipe.
  bool may_open_pipe() const;
  // For the pumps of the loop.
  PipePool& pipes();
  // Of all commands of the loop.
  ProcessEnder& process_ender();
  // Child processes that were killed and abandoned, but have not ended yet.
  void add_dying_child();
  void remove_dying_child();
  void add_stream();
  void remove_stream();

 private:
  struct State;

  explicit Loop(std::unique_ptr<State> state);
  bool is_adopted() const;

  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
