// Random stories (tests/testing/ledger_script.h), each proven step by step. The stories of a run
// are always the same ones; THROTTLE_SEED=N plays that of one seed, THROTTLE_SEEDS=N the first N.
#include <random>

#include <gtest/gtest.h>

#include "tests/sim/environment.h"
#include "tests/testing/ledger_script.h"

namespace throttle::testing {
namespace {

constexpr std::size_t kBytes = 2'000;

std::vector<std::uint8_t> random_bytes(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> bytes(kBytes);
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(random() & 0xffU);
  return bytes;
}

TEST(LedgerStories, AgreeWithTheNaiveTwinAtEveryStep) {
  std::size_t steps = 0;
  for (const std::uint64_t seed : seeds_to_run(200)) {
    const LedgerStory story = run_ledger_script(random_bytes(seed));
    ASSERT_TRUE(story.violation.empty())
        << story.violation << "THROTTLE_SEED=" << seed << " plays it again";
    steps += story.steps;
  }
  RecordProperty("steps", std::to_string(steps));
  EXPECT_GT(steps, 0U);
}

}  // namespace
}  // namespace throttle::testing
