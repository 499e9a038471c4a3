// A bounded queue between two threads: one puts, one takes, and neither ever waits.
//
// Idea: two counters that only grow. The producer writes a slot and then publishes it by moving
// `put_`; the consumer reads it and then frees it by moving `taken_`. Each keeps a copy of the
// other's counter, and looks at the real one only when the copy says full or empty: so the cache
// line of a counter seldom travels. Capacity is a power of two.
// Threads: try_put() by one, take() by another, the sizes by any.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "libthrottle/core/check.h"

namespace throttle::journal {

template <typename T>
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): each side has its own cache lines.
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Room for at least `least` items.
  explicit Ring(std::size_t least)
      : mask_(std::bit_ceil(least) - 1), slots_(std::make_unique<T[]>(mask_ + 1)) {
    THROTTLE_CHECK(least > 0);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // False: it is full.
  bool try_put(const T& item) noexcept {
    const std::uint64_t put = put_.load(std::memory_order_relaxed);
    if (put - taken_seen_ > mask_) {
      taken_seen_ = taken_.load(std::memory_order_acquire);
      if (put - taken_seen_ > mask_) return false;
    }
    slots_[put & mask_] = item;
    put_.store(put + 1, std::memory_order_release);
    return true;
  }

  // False: it is empty.
  bool try_take(T& item) noexcept {
    const std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    if (taken == put_seen_) {
      put_seen_ = put_.load(std::memory_order_acquire);
      if (taken == put_seen_) return false;
    }
    item = slots_[taken & mask_];
    taken_.store(taken + 1, std::memory_order_release);
    return true;
  }

  // How many are in it; exact for neither thread while the other works.
  std::size_t size() const noexcept {
    const std::uint64_t taken = taken_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(put_.load(std::memory_order_acquire) - taken);
  }
  std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
  static constexpr std::size_t kCacheLine = 64;

  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  alignas(kCacheLine) std::atomic<std::uint64_t> put_{0};
  std::uint64_t taken_seen_ = 0;  // the producer's copy
  alignas(kCacheLine) std::atomic<std::uint64_t> taken_{0};
  std::uint64_t put_seen_ = 0;  // the consumer's copy
};

}  // namespace throttle::journal
