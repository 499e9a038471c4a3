// Pipes that are kept for the next transfer: to open one costs more than to move some bytes.
#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/pipe_pool.h"

namespace throttle::uv {
namespace {

// A pipe has room for a number of pieces, whatever their size, and those of a network may be small.
// The system's default is 16.
constexpr int kPieces = 64;
constexpr int kPieceBytes = 4096;

}  // namespace

Pipe::~Pipe() {
  if (read_end_ >= 0) close(read_end_);
  if (write_end_ >= 0) close(write_end_);
}

Pipe::Pipe(Pipe&& from) noexcept
    : read_end_(std::exchange(from.read_end_, -1)),
      write_end_(std::exchange(from.write_end_, -1)) {}

Pipe& Pipe::operator=(Pipe&& from) noexcept {
  std::swap(read_end_, from.read_end_);
  std::swap(write_end_, from.write_end_);
  return *this;
}

std::optional<Pipe> PipePool::take(bool may_open) {
  if (in_use_ == kMostInUse) return std::nullopt;
  std::optional<Pipe> pipe;
  if (!idle_.empty()) {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  } else {
    if (!may_open) return std::nullopt;
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return std::nullopt;
    pipe.emplace(ends[0], ends[1]);
    fcntl(ends[0], F_SETPIPE_SZ, kPieces * kPieceBytes);  // if refused, it stays smaller
  }
  ++in_use_;
  return pipe;
}

void PipePool::give_back(Pipe pipe) {
  THROTTLE_CHECK(in_use_ > 0 && pipe.read_end() >= 0);
  --in_use_;
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(pipe));
}

}  // namespace throttle::uv
