// Commands of /bin/sh that a test runs, and whether what they started still lives.
#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/process.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {

class ProcessTest : public testing::Test, protected Process::Receiver {
 protected:
  void on_line(Process::Output output, std::string_view line) noexcept override {
    lines.push_back((output == Process::Output::kStdout ? "out " : "err ") + std::string(line));
    if (at_line) at_line();
  }
  void on_exit(const ProcessExit& ended) noexcept override {
    exit = ended;
    loop.stop();
    if (at_exit) at_exit();
  }
  void start(const Command& command) {
    auto spawned = Process::spawn(loop, command, *this);
    ASSERT_TRUE(spawned) << spawned.error().message;
    process = *std::move(spawned);
  }
  void run(const Command& command) {
    start(command);
    run_until_stopped(loop);
    ASSERT_TRUE(exit);
  }

  Loop loop;
  std::optional<Process> process;
  std::vector<std::string> lines;
  std::optional<ProcessExit> exit;
  std::function<void()> at_line;
  std::function<void()> at_exit;
};

// A pipe that everybody inherits who is started while this lives; it tells when they are all gone.
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
