// What the loop's thread and the writer's thread share: the ring, the wake-up, and a few numbers.
//
// The loop never blocks on it: the mutex is held for a few instructions, and the loop takes it only
// when a batch is full or something must be committed at once. Threads: as said at each function.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "libthrottle/core/time.h"
#include "libthrottle/journal/record.h"
#include "libthrottle/journal/ring.h"

namespace throttle::journal {

// The writer commits at this many events.
inline constexpr std::size_t kBatchEvents = 4096;

class Channel {
 public:
  explicit Channel(std::size_t max_queued) : ring_(max_queued) {}
  ~Channel() {
    Record record;
    while (ring_.try_take(record))
      release_attachment(record);
  }

  enum class Call : std::uint8_t {
    kNone = 0,
    kBatch = 1,   // a batch is full
    kUrgent = 2,  // commit soon: something that must not be lost is in the ring
    kStop = 4,    // no record comes any more
  };

  // --- the loop's ---

  bool try_put(const Record& record) noexcept { return ring_.try_put(record); }
  void call(Call what) noexcept {
    {
      const std::lock_guard lock(mutex_);
      calls_ |= static_cast<unsigned>(what);
    }
    wake_.notify_one();
  }

  // --- the writer's ---

  bool try_take(Record& record) noexcept { return ring_.try_take(record); }
  // Waits until the loop calls, at most `longest`. Returns all that was called since; kStop stays.
  unsigned wait(Duration longest) noexcept {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, longest, [this] { return calls_ != 0; });
    const unsigned calls = calls_;
    calls_ &= static_cast<unsigned>(Call::kStop);
    return calls;
  }
  // While a commit fails since more than a second, or the file is not open.
  void set_failing(bool failing) noexcept { failing_.store(failing, std::memory_order_relaxed); }
  // All records up to this number are in the file, or reported as missing there.
  void set_committed(std::uint64_t number) noexcept {
    committed_.store(number, std::memory_order_relaxed);
  }

  // --- of any thread ---

  std::size_t size() const noexcept { return ring_.size(); }
  std::size_t capacity() const noexcept { return ring_.capacity(); }
  bool is_failing() const noexcept { return failing_.load(std::memory_order_relaxed); }
  std::uint64_t committed() const noexcept { return committed_.load(std::memory_order_relaxed); }

 private:
  Ring<Record> ring_;
  std::mutex mutex_;
  std::condition_variable wake_;
  unsigned calls_ = 0;
  std::atomic<bool> failing_{false};
  std::atomic<std::uint64_t> committed_{0};
};

}  // namespace throttle::journal
