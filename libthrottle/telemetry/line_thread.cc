// A bounded queue and its thread. The state is shared by the owner and the thread, so that either
// may go first: a disk that never answers keeps no process from ending.
#include "libthrottle/telemetry/line_thread.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/telemetry/line_output.h"

namespace throttle::telemetry {

struct LineThread::State {
  std::unique_ptr<LineWriter> writer;
  std::atomic<std::uint64_t> lost{0};

  std::mutex mutex;
  std::condition_variable changed;  // something is queued, or the end
  std::condition_variable ended;
  std::deque<std::optional<std::string>> queue;  // without a line: reopen
  bool reopen_first = false;                     // its entry was dropped
  bool closing = false;
  bool is_done = false;

  void run() noexcept {
    shield_from_signals();
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return closing || !queue.empty(); });
      if (queue.empty()) break;
      const auto batch = std::exchange(queue, {});
      const bool reopen = std::exchange(reopen_first, false);
      lock.unlock();
      if (reopen) writer->reopen();
      for (const auto& line : batch)
        handle(line);
      lock.lock();
    }
    writer.reset();
    is_done = true;
    ended.notify_all();
  }

  void push(std::optional<std::string> line) noexcept {
    const std::lock_guard lock(mutex);
    THROTTLE_CHECK(!closing && queue.size() <= kQueuedLines);
    if (queue.size() == kQueuedLines) drop_oldest();
    queue.push_back(std::move(line));
    changed.notify_one();
  }

 private:
  void handle(const std::optional<std::string>& line) noexcept {
    if (!line)
      writer->reopen();
    else if (!writer->write(*line))
      lost.fetch_add(1, std::memory_order_relaxed);
  }

  void drop_oldest() noexcept {
    THROTTLE_CHECK(!queue.empty());
    if (queue.front())
      lost.fetch_add(1, std::memory_order_relaxed);
    else
      reopen_first = true;
    queue.pop_front();
  }
};

LineThread::LineThread(std::unique_ptr<LineWriter> writer, std::chrono::milliseconds farewell)
    : state_(std::make_shared<State>()), farewell_(farewell) {
  THROTTLE_CHECK(writer != nullptr);
  state_->writer = std::move(writer);
  std::thread([state = state_] { state->run(); }).detach();
}

LineThread::~LineThread() {
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  state_->changed.notify_one();
  state_->ended.wait_for(lock, farewell_, [this] { return state_->is_done; });
}

void LineThread::post(std::string line) noexcept {
  state_->push(std::move(line));
}

void LineThread::reopen() noexcept {
  state_->push(std::nullopt);
}

std::uint64_t LineThread::lost() const noexcept {
  return state_->lost.load(std::memory_order_relaxed);
}

}  // namespace throttle::telemetry
