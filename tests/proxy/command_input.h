// What a command of a test waits for, so that the test says when it goes on.
#pragma once

#include <array>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace throttle::proxy {

class CommandInput {
 public:
  CommandInput() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~CommandInput() {
    for (const int each : ends_)
      close(each);
  }
  CommandInput(const CommandInput&) = delete;
  CommandInput& operator=(const CommandInput&) = delete;

  // For a redirection of the shell, in a command that is started while this lives.
  std::string path() const { return "/dev/fd/" + std::to_string(ends_[0]); }
  void say(const std::string& words) const {
    const std::string line = words + "\n";
    EXPECT_EQ(write(ends_[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace throttle::proxy
