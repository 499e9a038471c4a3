// Commands of the system's shell that a test runs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
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

}  // namespace throttle::uv
