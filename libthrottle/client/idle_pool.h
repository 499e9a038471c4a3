// Connections that are kept for further requests. Each is watched: one that the server closes, or
// on which it says something without being asked, is dropped. Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "libthrottle/core/time.h"
#include "libthrottle/uv/timer.h"
#include "libthrottle/uv/wire.h"

namespace throttle::client {

class IdlePool {
 public:
  // Keeps up to `most`, each for `keep_time`.
  IdlePool(uv::Loop& loop, std::size_t most, Duration keep_time);
  ~IdlePool();
  IdlePool(const IdlePool&) = delete;
  IdlePool& operator=(const IdlePool&) = delete;

  // The oldest is dropped where it would be one too many.
  void put(std::unique_ptr<uv::Wire> wire);
  // The one that was used last; none if the pool is empty. It reads, and has the pool's receiver.
  std::unique_ptr<uv::Wire> take();

  std::size_t size() const { return kept_.size(); }

 private:
  class Kept;
  void drop(const Kept& kept);
  void on_due();
  void arm();

  std::size_t most_;
  Duration keep_time_;
  std::vector<std::unique_ptr<Kept>> kept_;  // the oldest first
  uv::Timer timer_;
};

}  // namespace throttle::client
