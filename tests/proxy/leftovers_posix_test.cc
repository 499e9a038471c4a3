// Commands of /bin/sh that leave something running.
#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/proxy/leftovers.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "tests/proxy/command_input.h"
#include "tests/uv/run_guard.h"

namespace throttle::proxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The command itself, which prints the process number of what it leaves.
struct Parent final : uv::Process::Receiver {
  explicit Parent(uv::Loop& its_loop) : loop(its_loop) {}
  void on_line(uv::Process::Output, std::string_view line) noexcept override {
    child = static_cast<pid_t>(std::stoi(std::string(line)));
  }
  void on_exit(const uv::ProcessExit&) noexcept override { loop.stop(); }

  uv::Loop& loop;
  pid_t child = 0;
};

class LeftoversTest : public testing::Test, public Leftovers::Receiver {
 protected:
  void on_line(const HookCall& call, std::string_view line) noexcept override {
    lines.push_back(std::to_string(call.activation.number) + " " + std::string(line));
  }
  void on_too_many(const HookCall& call) noexcept override {
    dropped.push_back(call.activation.number);
  }

  // Its process number.
  pid_t leave(std::uint64_t number, const std::string& command) {
    Parent parent(loop);
    auto process = uv::Process::spawn(loop, {.line = "(" + command + ") & echo $!"}, parent);
    EXPECT_TRUE(process);
    uv::run_until_stopped(loop);
    leftovers.add({.activation = {.number = number}}, *std::move(process));
    return parent.child;
  }
  template <typename Condition>
  void run_until(Condition reached) {
    for (const TimePoint give_up = uv::now() + uv::kPatience; !reached() && uv::now() < give_up;)
      uv::run_briefly(loop);
    EXPECT_TRUE(reached());
  }

  uv::Loop loop;
  Leftovers leftovers{*this};
  std::vector<std::string> lines;
  std::vector<std::uint64_t> dropped;
};

TEST_F(LeftoversTest, AreHeardUntilTheyEnd) {
  const CommandInput input;
  leave(7, "{ read line; echo $line; read line; printf end; } <" + input.path());
  EXPECT_EQ(leftovers.count(), 1U);
  input.say("one");
  run_until([&] { return !lines.empty(); });
  EXPECT_EQ(leftovers.count(), 1U);
  input.say("two");
  run_until([&] { return leftovers.count() == 0; });
  EXPECT_THAT(lines, ElementsAre("7 one", "7 end"));
}

TEST_F(LeftoversTest, AreNoneWhoseOutputGoesElsewhere) {
  const pid_t child = leave(1, "exec sleep 600 >/dev/null 2>&1");
  run_until([&] { return leftovers.count() == 0; });
  EXPECT_EQ(kill(child, SIGKILL), 0) << "it lives";
}

TEST_F(LeftoversTest, AreNotMoreThanSoMany) {
  std::vector<pid_t> children;
  for (std::uint64_t number = 1; number <= Leftovers::kMost; ++number)
    children.push_back(leave(number, "exec sleep 600"));
  EXPECT_THAT(dropped, IsEmpty());
  children.push_back(leave(1000, "exec sleep 600"));
  EXPECT_THAT(dropped, ElementsAre(1));
  EXPECT_EQ(leftovers.count(), Leftovers::kMost);
  for (const pid_t child : children)
    EXPECT_EQ(kill(child, SIGKILL), 0) << "also the oldest lives";
  run_until([&] { return leftovers.count() == 0; });
}

}  // namespace
}  // namespace throttle::proxy
