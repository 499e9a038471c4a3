// Ends what commands started, wherever it is, without holding up the loop.
//
// To find the descendants of a command that left its session, every process of the system has to be
// looked at, which takes milliseconds and grows with the machine. So a search runs on a thread of
// its own: one at a time, for all commands that are due. What comes due meanwhile is the next
// search. Where the system starts no thread, the search runs on the loop.
//
// Threads: the loop's; the search gets copies and touches nothing of the loop.
#pragma once

#include <memory>
#include <span>
#include <string>

namespace throttle::uv {

class Loop;

class ProcessEnder {
 public:
  // Ends all processes that have one of these marks (process_tree.h); on the thread.
  using Search = void (*)(std::span<const std::string> marks);

  // `loop` outlives it.
  ProcessEnder(Loop& loop, Search search);
  // Waits for a search that still runs, and for no other.
  ~ProcessEnder();
  ProcessEnder(const ProcessEnder&) = delete;
  ProcessEnder& operator=(const ProcessEnder&) = delete;

  // Soon ends all that have the mark. The loop goes on until that is done. An empty mark is nobody.
  void end(std::string mark);

  // Whether a search runs or is due.
  bool is_busy() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace throttle::uv
