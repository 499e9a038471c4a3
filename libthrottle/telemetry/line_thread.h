// A thread that writes log lines for a sink whose outside may block: a disk, a daemon of the
// system.
//
// What holds. post() never waits for the outside. At most kQueuedLines wait; when one more comes,
// the oldest is dropped and counted. The destructor waits for the queue, but no longer than the
// farewell; then the thread is left behind with all that it needs.
// Threads: post(), reopen() and lost() from the owner's; the writer is used on the thread alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace throttle::telemetry {

// The outside, on the thread.
class LineWriter {
 public:
  virtual ~LineWriter() = default;
  // Writes one whole line; may block. False: it is lost.
  virtual bool write(std::string_view line) noexcept = 0;
  // Somebody may have moved the file away: begin again.
  virtual void reopen() noexcept = 0;
};

class LineThread {
 public:
  static constexpr std::size_t kQueuedLines = 1024;

  LineThread(std::unique_ptr<LineWriter> writer, std::chrono::milliseconds farewell);
  ~LineThread();
  LineThread(const LineThread&) = delete;
  LineThread& operator=(const LineThread&) = delete;

  void post(std::string line) noexcept;
  // After what was posted before it.
  void reopen() noexcept;
  // Lines that were dropped or could not be written.
  std::uint64_t lost() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::chrono::milliseconds farewell_;
};

}  // namespace throttle::telemetry
