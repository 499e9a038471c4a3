// One search at a time: end() notes the mark and begins a search if none runs; the thread wakes the
// loop when it has finished; on_searched() joins it and begins the next one if marks have come due.
// `marks` belongs to the thread from begin() to on_searched(), `due` to the loop always.
#include "libthrottle/uv/process_ender.h"

#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/async.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

struct ProcessEnder::State {
  Loop& loop;
  Search search;
  std::vector<std::string> due = {};
  std::vector<std::string> marks = {};
  std::optional<Async> searched = std::nullopt;  // while a search runs
  std::thread thread = {};

  void begin();
  void run() noexcept { search(marks); }
  void on_searched();
};

void ProcessEnder::State::begin() {
  THROTTLE_CHECK(!searched && !thread.joinable() && !due.empty());
  marks = std::exchange(due, {});
  searched.emplace(loop, bound<&State::on_searched>(this));
  try {
    thread = std::thread([this] {
      run();
      searched->wake();
    });
  } catch (const std::system_error&) {
    run();
    searched.reset();
  }
}

void ProcessEnder::State::on_searched() {
  THROTTLE_CHECK(thread.joinable());
  thread.join();
  searched.reset();
  if (!due.empty()) begin();
}

ProcessEnder::ProcessEnder(Loop& loop, Search search)
    : state_(std::unique_ptr<State>(new State{loop, search})) {}

ProcessEnder::~ProcessEnder() {
  if (state_->thread.joinable()) state_->thread.join();
}

void ProcessEnder::end(std::string mark) {
  if (mark.empty()) return;
  state_->due.push_back(std::move(mark));
  if (!state_->searched) state_->begin();
}

bool ProcessEnder::is_busy() const {
  return state_->searched.has_value();
}

}  // namespace throttle::uv
