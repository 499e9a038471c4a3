// Exhaustive: everything that can happen in a small world (small_model.h), in every order.
//
// EverySequence tries each sequence of events up to a depth, and assumes only that peers that are
// not there are alike. EveryState goes deeper: of all the sequences that lead to the same state it
// follows the first, and tries every event there. Each step is compared with the naive twin.
//
// The real ledger cannot be copied, so a sequence is played again: its beginning, which was proven
// before, without looking, its last event under proof. THROTTLE_EXHAUSTIVE_DEPTH=N goes N deep with
// every sequence, which costs about 25 times as much a step, and N + 1 with every state, which ends
// by itself when there is no new one: at about 20, with more than 26,000 states.
#include <cstdio>
#include <unordered_set>

#include <gtest/gtest.h>

#include "tests/sim/environment.h"
#include "tests/sim/small_model.h"

namespace throttle::testing {
namespace {

using Path = std::vector<SmallModel::Event>;

std::size_t depth_of_sequences() {
  return static_cast<std::size_t>(environment_number("THROTTLE_EXHAUSTIVE_DEPTH").value_or(4));
}

class Exhaustive : public ::testing::TestWithParam<Count> {
 protected:
  // Goes to the end of `path`, which was proven, and returns what may happen there.
  std::vector<SmallModel::Event> go_to(const Path& path) {
    model.restart();
    model.repeat(path);
    return model.possible_events();
  }

  // From the end of `path`; it is left as it was.
  void explore(Path& path, std::size_t depth) {
    for (const SmallModel::Event& event : go_to(path)) {
      go_to(path);
      path.push_back(event);
      ++steps;
      ASSERT_TRUE(model.prove(event)) << text_of(path) << model.violation();
      if (path.size() < depth) explore(path, depth);
      if (HasFatalFailure()) return;
      path.pop_back();
    }
  }

  // All states one event away from those at the ends of `paths`.
  std::vector<Path> widen(const std::vector<Path>& paths) {
    std::vector<Path> wider;
    for (Path path : paths) {
      for (const SmallModel::Event& event : go_to(path)) {
        go_to(path);
        path.push_back(event);
        ++steps;
        if (!model.prove(event)) {
          ADD_FAILURE() << text_of(path) << model.violation();
          return {};
        }
        if (known.insert(model.fingerprint()).second) wider.push_back(path);
        path.pop_back();
      }
    }
    return wider;
  }

  // Says how much was tried, to a person that runs it by hand and to the report.
  void tell(const char* what, std::size_t count) {
    std::printf("%zu %s\n", count, what);
    RecordProperty(what, std::to_string(count));
  }

  SmallModel model{GetParam()};
  std::unordered_set<std::string> known;
  std::size_t steps = 0;
};

TEST_P(Exhaustive, EverySequence) {
  const std::size_t depth = depth_of_sequences();
  Path path;
  explore(path, depth);
  tell("sequences", steps);
}

TEST_P(Exhaustive, EveryState) {
  const std::size_t depth = depth_of_sequences() + 1;
  std::vector<Path> frontier{Path{}};
  for (std::size_t i = 0; i < depth && !frontier.empty(); ++i)
    frontier = widen(frontier);
  tell("steps", steps);
  tell("states", known.size());
}

INSTANTIATE_TEST_SUITE_P(FullCount, Exhaustive, ::testing::Values(0, 2, 3));

}  // namespace
}  // namespace throttle::testing
