// What the environment asks of the simulations: one seed again, more seeds, a deeper search.
// Threads: pure functions of the environment.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

namespace throttle::testing {

// The number in an environment variable; absent if it is not set, or not a number.
inline std::optional<std::uint64_t> environment_number(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  const std::string_view text(value);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The seed of THROTTLE_SEED alone, or the first THROTTLE_SEEDS, or the first `usually`.
inline std::vector<std::uint64_t> seeds_to_run(std::uint64_t usually) {
  if (const auto seed = environment_number("THROTTLE_SEED")) return {*seed};
  std::vector<std::uint64_t> seeds(environment_number("THROTTLE_SEEDS").value_or(usually));
  std::iota(seeds.begin(), seeds.end(), std::uint64_t{1});
  return seeds;
}

}  // namespace throttle::testing
