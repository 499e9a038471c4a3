// Collects the processes that this one inherits: as the first process of a container it becomes the
// parent of all whose parents have ended, such as a service that a command left in the background.
//
// A process that has ended keeps its entry in the system's table until its parent collects it. The
// children of the loop are left to it. Threads: the loop's; no other thread may wait for children.
#pragma once

#include <memory>

namespace throttle::uv {

class Loop;

class OrphanReaper {
 public:
  // Collects from now on, if this process is the first one of its system or container; else, and on
  // Windows, it does nothing.
  static OrphanReaper where_needed(Loop& loop);
  // Collects from now on.
  explicit OrphanReaper(Loop& loop);
  OrphanReaper(OrphanReaper&&) noexcept;
  OrphanReaper& operator=(OrphanReaper&&) noexcept;
  ~OrphanReaper();

 private:
  struct State;
  explicit OrphanReaper(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
