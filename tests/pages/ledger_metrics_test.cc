// The metrics of a ledger after given stories, in the names of both generations.
#include "libthrottle/pages/ledger_metrics.h"

#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pages/whole_page.h"

namespace throttle::pages {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

// A ledger whose events are counted after every step; the page as a map of samples to numbers.
class LedgerMetricsTest : public ::testing::Test {
 protected:
  void configure(std::vector<SemaphoreSettings> semaphores) { ledger.configure(now, semaphores); }
  PeerId add_peer(Duration time_to_live = kForever) {
    PeerSpec spec;
    spec.time_to_live = time_to_live;
    return ledger.add_peer(now, spec);
  }
  void acquire(PeerId peer, std::string_view semaphore, Count count = 1,
               const LeaseLimits& limits = {}) {
    ledger.acquire(now, {.peer = peer, .semaphore = semaphore, .count = count, .limits = limits});
  }
  void restore(PeerId peer, std::string_view semaphore, Count count) {
    const HeldLock lock{semaphore, count};
    ledger.restore(now, {.peer = peer, .spec = {}, .held = {&lock, 1}});
  }
  void pass(Duration length) {
    now += length;
    ledger.advance(now);
  }

  std::string page() {
    metrics.observe(ledger.events());
    ledger.clear_events();
    MetricsPage page;
    metrics.write(ledger, page);
    return whole(page);
  }
  std::map<std::string, std::string> samples() {
    std::map<std::string, std::string> samples;
    std::istringstream lines(page());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("#")) continue;
      const std::size_t blank = line.rfind(' ');
      EXPECT_TRUE(samples.emplace(line.substr(0, blank), line.substr(blank + 1)).second) << line;
    }
    return samples;
  }

  TimePoint now;
  LeaseLedger ledger;
  LedgerMetrics metrics;
};

TEST_F(LedgerMetricsTest, HasBothPublishedFamiliesFromTheStart) {
  configure({{.name = "A", .full_count = 5}, {.name = "/& \"B\"\n", .full_count = -1}});
  const auto found = samples();
  for (const std::string name : {"A", "/& \\\"B\\\"\\n"}) {
    const std::string label = "{semaphore=\"" + name + "\"}";
    const char* full = name == "A" ? "5" : "-1";
    EXPECT_EQ(found.at("throttle_full_count" + label), full);
    EXPECT_EQ(found.at("throttle_max" + label), full);
    EXPECT_EQ(found.at("throttle_count" + label), "0");
    EXPECT_EQ(found.at("throttle_acquired" + label), "0");
    EXPECT_EQ(found.at("throttle_pending" + label), "0");
    EXPECT_EQ(found.at("throttle_longest_pending_sec" + label), "0");
    EXPECT_EQ(found.at("throttle_overcommit" + label), "0");
    EXPECT_EQ(found.at("throttle_wait_seconds_count" + label), "0");
  }
}

TEST_F(LedgerMetricsTest, WithoutSemaphoresOnlyPeersAreCounted) {
  add_peer();
  const auto found = samples();
  EXPECT_EQ(found.at("throttle_peers"), "1");
  EXPECT_EQ(page().find("semaphore="), std::string::npos);
}

TEST_F(LedgerMetricsTest, ShowsWhatIsHeldAndWhoWaits) {
  configure({{.name = "A", .full_count = 5}});
  acquire(add_peer(), "A", 4);
  acquire(add_peer(), "A", 3);
  acquire(add_peer(), "A", 2);
  pass(90s + 999ms);
  const auto found = samples();
  EXPECT_EQ(found.at("throttle_count{semaphore=\"A\"}"), "4");
  EXPECT_EQ(found.at("throttle_acquired{semaphore=\"A\"}"), "4");
  EXPECT_EQ(found.at("throttle_pending{semaphore=\"A\"}"), "5");
  EXPECT_EQ(found.at("throttle_waiting_requests{semaphore=\"A\"}"), "2");
  EXPECT_EQ(found.at("throttle_longest_pending_sec{semaphore=\"A\"}"), "90");
  EXPECT_EQ(found.at("throttle_grants_total{semaphore=\"A\"}"), "1");
  EXPECT_EQ(found.at("throttle_peers"), "3");
}

TEST_F(LedgerMetricsTest, MeasuresWaitingAndHolding) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId first = add_peer();
  const PeerId second = add_peer();
  acquire(first, "A");
  acquire(second, "A");
  pass(2s);
  ledger.remove_peer(now, first);
  pass(20s);
  ledger.remove_peer(now, second);
  const auto found = samples();
  EXPECT_EQ(found.at("throttle_wait_seconds_bucket{semaphore=\"A\",le=\"0.001\"}"), "1");
  EXPECT_EQ(found.at("throttle_wait_seconds_bucket{semaphore=\"A\",le=\"5\"}"), "2");
  EXPECT_EQ(found.at("throttle_wait_seconds_sum{semaphore=\"A\"}"), "2");
  EXPECT_EQ(found.at("throttle_hold_seconds_count{semaphore=\"A\"}"), "2");
  EXPECT_EQ(found.at("throttle_hold_seconds_sum{semaphore=\"A\"}"), "22");
  EXPECT_EQ(found.at("throttle_leases_ended_total{semaphore=\"A\",cause=\"released\"}"), "2");
  EXPECT_EQ(found.at("throttle_peers_removed_total{cause=\"released\"}"), "2");
}

TEST_F(LedgerMetricsTest, WritesNoHistogramsIfTheyAreSwitchedOff) {
  configure({{.name = "A", .full_count = 1}});
  MetricsPage page;
  metrics.write(ledger, page, LedgerMetrics::Histograms::kLeftOut);
  const std::string text = whole(page);
  EXPECT_EQ(text.find("throttle_wait_seconds"), std::string::npos);
  EXPECT_EQ(text.find("throttle_hold_seconds"), std::string::npos);
  EXPECT_NE(text.find("throttle_grants_total{semaphore=\"A\"} 0"), std::string::npos);
}

TEST_F(LedgerMetricsTest, CountsRefusalsByReason) {
  configure({{.name = "A", .full_count = 2, .max_pending = 1}, {.name = "B", .full_count = 1}});
  const PeerId holder = add_peer();
  acquire(holder, "A", 2);
  acquire(holder, "A", 1);
  acquire(holder, "A", 3);
  acquire(holder, "A", 0);
  acquire(holder, "B");
  acquire(12345, "A");
  const PeerId waiter = add_peer();
  acquire(waiter, "A", 1);
  acquire(waiter, "A", 2);
  acquire(waiter, "B");
  acquire(add_peer(), "A");
  const auto found = samples();
  const auto refused = [&found](const std::string& semaphore, const std::string& reason) {
    return found.at("throttle_refusals_total{semaphore=\"" + semaphore + "\",reason=\"" + reason +
                    "\"}");
  };
  EXPECT_EQ(refused("A", "shrinks"), "1");
  EXPECT_EQ(refused("A", "never_fits"), "1");
  EXPECT_EQ(refused("A", "count_not_positive"), "1");
  EXPECT_EQ(refused("A", "unknown_peer"), "1");
  EXPECT_EQ(refused("A", "grows"), "1");
  EXPECT_EQ(refused("A", "queue_full"), "1");
  EXPECT_EQ(refused("B", "breaks_hierarchy"), "1");
  EXPECT_EQ(refused("B", "other_pending"), "1");
  EXPECT_EQ(refused("A", "breaks_hierarchy"), "0");
}

TEST_F(LedgerMetricsTest, CountsWhatTimeEnded) {
  configure({{.name = "A", .full_count = 1}});
  acquire(add_peer(10s), "A");
  acquire(add_peer(5s), "A");
  acquire(add_peer(), "A", 1, {.wait = 7s});
  acquire(add_peer(), "A", 1, {.hold = 1s});
  pass(1h);
  pass(2s);
  const auto found = samples();
  EXPECT_EQ(found.at("throttle_leases_ended_total{semaphore=\"A\",cause=\"expired\"}"), "1");
  EXPECT_EQ(found.at("throttle_leases_ended_total{semaphore=\"A\",cause=\"hold_limit\"}"), "1");
  EXPECT_EQ(found.at("throttle_waits_ended_total{semaphore=\"A\",cause=\"expired\"}"), "1");
  EXPECT_EQ(found.at("throttle_waits_ended_total{semaphore=\"A\",cause=\"wait_limit\"}"), "1");
  EXPECT_EQ(found.at("throttle_peers_removed_total{cause=\"expired\"}"), "2");
  EXPECT_EQ(found.at("throttle_peers_removed_total{cause=\"hold_limit\"}"), "1");
}

TEST_F(LedgerMetricsTest, CountsWaitsThatAReloadEnded) {
  configure({{.name = "A", .full_count = 3}, {.name = "B", .full_count = 1}});
  acquire(add_peer(), "A", 3);
  acquire(add_peer(), "A", 2);
  acquire(add_peer(), "B");
  acquire(add_peer(), "B");
  configure({{.name = "A", .full_count = 1}});
  const auto found = samples();
  EXPECT_EQ(found.at("throttle_waits_ended_total{semaphore=\"A\",cause=\"never_fits\"}"), "1");
  EXPECT_EQ(found.at("throttle_waits_ended_total{semaphore=\"B\",cause=\"semaphore_removed\"}"),
            "1");
  EXPECT_EQ(found.at("throttle_overcommit{semaphore=\"A\"}"), "2");
}

TEST_F(LedgerMetricsTest, ShowsAndCountsOverCommitment) {
  configure({{.name = "A", .full_count = 2}});
  restore(1, "A", 2);
  restore(2, "A", 1);
  restore(3, "A", 2);
  ledger.remove_peer(now, 1);
  const auto found = samples();
  EXPECT_EQ(found.at("throttle_restores_total{semaphore=\"A\"}"), "3");
  EXPECT_EQ(found.at("throttle_overcommit{semaphore=\"A\"}"), "1");
  EXPECT_EQ(found.at("throttle_overcommit_total{semaphore=\"A\"}"), "3");
}

TEST_F(LedgerMetricsTest, ARemovedSemaphoreStaysUntilItsLastLeaseEnded) {
  configure({{.name = "A", .full_count = 1}});
  const PeerId peer = add_peer();
  acquire(peer, "A");
  configure({});
  EXPECT_EQ(samples().at("throttle_acquired{semaphore=\"A\"}"), "1");
  ledger.remove_peer(now, peer);
  EXPECT_THAT(samples(), Not(Contains(Key("throttle_acquired{semaphore=\"A\"}"))));
}

}  // namespace
}  // namespace throttle::pages
