// A writer that the test holds back, to see what the queue does meanwhile.
#include "libthrottle/telemetry/line_thread.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// What a writer has written; outlives the thread that is left behind.
class Outside {
 public:
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void wait_until_somebody_waits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_; });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  bool take(std::string_view line) {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    waiting_ = false;
    lines_.emplace_back(line);
    return line != "broken";
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool waiting_ = false;
  std::vector<std::string> lines_;
};

class OutsideWriter final : public LineWriter {
 public:
  explicit OutsideWriter(std::shared_ptr<Outside> outside) : outside_(std::move(outside)) {}
  bool write(std::string_view line) noexcept override { return outside_->take(line); }
  void reopen() noexcept override { outside_->take("reopened"); }

 private:
  std::shared_ptr<Outside> outside_;
};

class LineThreadTest : public ::testing::Test {
 protected:
  std::unique_ptr<LineThread> make(std::chrono::milliseconds farewell = 1min) {
    return std::make_unique<LineThread>(std::make_unique<OutsideWriter>(outside_), farewell);
  }
  std::shared_ptr<Outside> outside_ = std::make_shared<Outside>();
};

TEST_F(LineThreadTest, WritesAllInOrderBeforeItGoes) {
  auto thread = make();
  thread->post("a");
  thread->post("b");
  thread->reopen();
  thread.reset();
  EXPECT_THAT(outside_->lines(), ElementsAre("a", "b", "reopened"));
}

TEST_F(LineThreadTest, ABlockedOutsideKeepsTheNewestLinesAndCountsTheOthers) {
  outside_->hold();
  auto thread = make();
  thread->post("first");
  outside_->wait_until_somebody_waits();
  for (std::size_t i = 0; i < LineThread::kQueuedLines + 3; ++i)
    thread->post(std::to_string(i));
  EXPECT_EQ(thread->lost(), 3U);
  outside_->release();
  thread.reset();
  EXPECT_THAT(outside_->lines(), SizeIs(LineThread::kQueuedLines + 1));
  EXPECT_EQ(outside_->lines()[1], "3");
}

TEST_F(LineThreadTest, ALineThatCannotBeWrittenIsLost) {
  auto thread = make();
  thread->post("broken");
  while (thread->lost() == 0)
    std::this_thread::yield();
  EXPECT_EQ(thread->lost(), 1U);
}

TEST_F(LineThreadTest, ABlockedOutsideDoesNotKeepTheProcessFromEnding) {
  outside_->hold();
  auto thread = make(0ms);
  thread->post("stuck");
  outside_->wait_until_somebody_waits();
  thread.reset();
  outside_->release();
}

}  // namespace
}  // namespace throttle::telemetry
