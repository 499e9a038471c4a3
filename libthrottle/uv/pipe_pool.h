// The system's pipes that the splice pumps of a loop use, in turn. Threads: the loop's.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace throttle::uv {

// A pipe of the system that never blocks. Closes itself, and what is in it is lost.
class Pipe {
 public:
  Pipe(int read_end, int write_end) : read_end_(read_end), write_end_(write_end) {}
  ~Pipe();
  Pipe(Pipe&& from) noexcept;
  Pipe& operator=(Pipe&& from) noexcept;

  int read_end() const { return read_end_; }
  int write_end() const { return write_end_; }

 private:
  int read_end_;
  int write_end_;
};

class PipePool {
 public:
  // Each is two descriptors, which connections need more.
  static constexpr std::size_t kMostInUse = 64;
  static constexpr std::size_t kMostIdle = 4;

  // Nothing if that many are in use, the system has none, or none is idle and `may_open` is false.
  std::optional<Pipe> take(bool may_open = true);
  // Takes one back that is empty.
  void give_back(Pipe pipe);
  // One that was taken is closed instead.
  void forget() { --in_use_; }

  std::size_t in_use() const { return in_use_; }
  std::size_t open() const { return in_use_ + idle_.size(); }

 private:
  std::vector<Pipe> idle_;
  std::size_t in_use_ = 0;
};

}  // namespace throttle::uv
