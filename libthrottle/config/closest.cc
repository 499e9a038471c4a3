// Finds the known word with the smallest edit distance.
#include "libthrottle/config/closest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <utility>

namespace throttle::config {

namespace {

constexpr std::size_t kLongestWord = 64;

// Letters to add, drop or change, or to swap with the next one: optimal string alignment, as
// Damerau and Levenshtein count. Both words are of sane length.
std::size_t distance(std::string_view from, std::string_view to) {
  using Row = std::array<std::size_t, kLongestWord + 1>;  // to the beginnings of `to`
  Row before{};                                           // from what is two letters shorter
  Row above{};
  Row row{};
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t change = above[j] + (from[i] == to[j] ? 0 : 1);
      row[j + 1] = std::min({change, row[j] + 1, above[j + 1] + 1});
      const bool swapped = i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row[to.size()];
}

bool is_related(std::string_view word, std::string_view candidate) {
  constexpr std::size_t kFewLetters = 4;
  if (word.size() < kFewLetters) return false;
  if (candidate.ends_with('_' + std::string(word))) return true;
  const auto differs = std::ranges::mismatch(word, candidate).in1;
  const auto alike = static_cast<std::size_t>(differs - word.begin());
  return alike >= kFewLetters && 2 * alike >= std::max(word.size(), candidate.size());
}

}  // namespace

std::string_view closest(std::string_view word, std::span<const std::string> candidates) {
  if (word.size() > kLongestWord) return {};
  std::size_t most = std::max<std::size_t>(word.size() / 3, 1);
  std::string_view best;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::size_t letters = distance(word, candidate);
    if (letters > most) continue;
    best = candidate;
    most = letters - (letters > 0 ? 1 : 0);
  }
  if (!best.empty()) return best;
  const auto related = std::ranges::find_if(
      candidates, [word](const std::string& candidate) { return is_related(word, candidate); });
  return related == candidates.end() ? std::string_view() : *related;
}

}  // namespace throttle::config
