// Whether what a command of a test started still lives.
#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/uv/run_guard.h"

namespace throttle::uv {

// A pipe that every process inherits that is started while this lives; it ends when all are gone.
// (Their process numbers would not: init may take its time to collect them.)
class Witness {
 public:
  Witness() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Witness() {
    for (const int each : ends_)
      close(each);
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  bool all_gone() { return hangs_up_within(kPatience); }
  bool some_live() { return !hangs_up_within({}); }

 private:
  bool hangs_up_within(std::chrono::milliseconds limit) {
    close(std::exchange(ends_[1], -1));
    pollfd read_end{ends_[0], POLLIN, 0};
    const auto limit_ms = static_cast<int>(limit.count());
    int ready = poll(&read_end, 1, limit_ms);
    while (ready < 0 && errno == EINTR)
      ready = poll(&read_end, 1, limit_ms);  // by SIGCHLD
    return ready == 1;
  }

  std::array<int, 2> ends_{};
};

}  // namespace throttle::uv
