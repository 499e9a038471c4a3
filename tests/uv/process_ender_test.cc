// The searches of the ender one after the other, with a system that the tests control.
#include "libthrottle/uv/process_ender.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"
#include "tests/uv/run_guard.h"

namespace throttle::uv {
namespace {

using testing::ElementsAre;

// A search that notes what it was given, and lasts until it may end.
struct FakeSystem {
  std::mutex mutex;
  std::vector<std::vector<std::string>> searches;
  std::atomic<bool> may_end = true;
};

FakeSystem& fake() {
  static FakeSystem system;
  return system;
}

void search(std::span<const std::string> marks) {
  {
    const std::scoped_lock lock(fake().mutex);
    fake().searches.emplace_back(marks.begin(), marks.end());
  }
  for (const TimePoint give_up = now() + kPatience; !fake().may_end && now() < give_up;)
    std::this_thread::yield();
}

class ProcessEnderTest : public testing::Test {
 protected:
  ProcessEnderTest() {
    fake().searches.clear();
    fake().may_end = true;
  }

  Loop loop;
  ProcessEnder ender{loop, search};
};

TEST_F(ProcessEnderTest, LetsTheLoopTurnWhileItSearches) {
  fake().may_end = false;
  ender.end("one");
  int turns = 0;
  Timer* next = nullptr;
  auto on_turn = [&] {
    EXPECT_TRUE(ender.is_busy());
    if (++turns == 50)
      fake().may_end = true;
    else
      next->arm(now());
  };
  Timer timer(loop, on_turn);
  next = &timer;
  timer.arm(now());
  loop.run();  // until the search is over
  EXPECT_EQ(turns, 50);
  EXPECT_FALSE(ender.is_busy());
}

TEST_F(ProcessEnderTest, SearchesOnceForAllThatCameDueDuringASearch) {
  fake().may_end = false;
  for (const char* mark : {"one", "two", "three"})
    ender.end(mark);
  fake().may_end = true;
  loop.run();
  EXPECT_THAT(fake().searches, ElementsAre(ElementsAre("one"), ElementsAre("two", "three")));
}

TEST_F(ProcessEnderTest, SearchesForNobodyWithoutAMark) {
  ender.end("");
  EXPECT_FALSE(ender.is_busy());
}

}  // namespace
}  // namespace throttle::uv
