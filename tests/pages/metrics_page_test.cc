// The page /metrics put together: its order, and its pieces.
#include "libthrottle/pages/metrics_page.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/pages/ledger_metrics.h"
#include "tests/pages/whole_page.h"

namespace throttle::pages {
namespace {

using telemetry::append_sample;
using Progress = http::Producer::Progress;

LongFamily family(std::string_view name, std::size_t entries) {
  return {name, "gauge", "Entries.", entries, [name](std::string& out, std::size_t entry) {
            if (entry % 2 == 1) return;
            const std::string label = std::to_string(entry);
            append_sample(out, name, {{"entry", label}}, std::uint64_t{entry});
          }};
}

TEST(MetricsPage, MergesShortAndLongFamiliesByName) {
  MetricsPage page;
  page.add(family("d", 3));
  page.add(family("b", 1));
  page.add(family("empty", 0));
  page.short_families().gauge("c", "Short.").add({}, std::uint64_t{7});
  page.short_families().gauge("a", "Short.").add({}, std::uint64_t{5});
  EXPECT_EQ(whole(page),
            "# HELP a Short.\n# TYPE a gauge\na 5\n"
            "# HELP b Entries.\n# TYPE b gauge\nb{entry=\"0\"} 0\n"
            "# HELP c Short.\n# TYPE c gauge\nc 7\n"
            "# HELP d Entries.\n# TYPE d gauge\nd{entry=\"0\"} 0\nd{entry=\"2\"} 2\n");
}

TEST(MetricsPage, WithoutFamiliesItIsEmpty) {
  MetricsPage page;
  EXPECT_EQ(whole(page), "");
}

TEST(MetricsPage, ThousandsOfSemaphoresAreWrittenInShortPieces) {
  std::vector<SemaphoreSettings> semaphores;
  for (int i = 1000; i < 4000; ++i)
    semaphores.push_back({.name = "semaphore " + std::to_string(i), .full_count = 1});
  LeaseLedger ledger;
  ledger.configure({}, semaphores);
  const LedgerMetrics metrics;
  MetricsPage page;
  metrics.write(ledger, page);
  ledger.configure({}, {});  // the page goes on with what it has noted

  std::string text;
  std::size_t longest = 0;
  for (auto progress = Progress::kMore; progress != Progress::kEnd;) {
    const std::size_t before = text.size();
    progress = page.produce(text, {});
    longest = std::max(longest, text.size() - before);
  }
  EXPECT_LT(longest, http::kPieceBytes + 4096);
  EXPECT_GT(text.size(), 8 * longest);
  EXPECT_THAT(text, testing::HasSubstr("\nthrottle_max{semaphore=\"semaphore 3999\"} 1\n"));
  EXPECT_THAT(text,
              testing::HasSubstr("\nthrottle_wait_seconds_count{semaphore=\"semaphore 1000\"} 0"));
}

}  // namespace
}  // namespace throttle::pages
