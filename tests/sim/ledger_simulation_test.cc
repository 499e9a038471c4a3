// Seeded simulation: clients in bad weather (weather.h), then peace, in which every waiter must be
// served and everything comes back. Each operation on the ledger is proven.
//
// The runs are always the same ones; THROTTLE_SEED=N repeats one, THROTTLE_SEEDS=N tries the first
// N.
#include <map>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "tests/sim/environment.h"
#include "tests/sim/lease_client.h"

namespace throttle::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 8;
constexpr int kStormTicks = 250;
constexpr int kPeaceTicks = 5'000;

class Simulation {
 public:
  Simulation(std::uint64_t seed, const Weather& weather)
      : weather_(weather), world_(seed, weather), clients_(kClients, LeaseClient(world_)) {
    world_.on_event([this](const LedgerEvent& event) { hear(event); });
  }

  void tick(bool more_work) {
    world_.tick();
    for (LeaseClient& client : clients_) {
      if (world_.happens(weather_.crash)) client = LeaseClient(world_);
      client.step(more_work);
    }
  }

  // From now on nothing goes wrong; a peer that waits now, and is still there, is to be served.
  void make_peace() {
    weather_ = {};
    world_.make_peace();
    for (const PeerPicture& peer : world_.ledger().picture().peers) {
      if (peer.pending && belongs_to_somebody(peer.id)) unserved_.insert(peer.id);
    }
    waiters_at_peace_ = unserved_.size();
  }
  bool is_over() const {
    for (const LeaseClient& client : clients_) {
      if (!client.is_idle()) return false;
    }
    return world_.ledger().picture().peers.empty();
  }

  // What all clients together believe to hold beyond the full count; zero if nothing.
  Count over_commit() const {
    Count worst = 0;
    for (const SemaphoreSettings& semaphore : world_.settings()) {
      Count believed = 0;
      for (const LeaseClient& client : clients_)
        believed += client.believes_to_hold(semaphore.name);
      worst = std::max(worst, believed - semaphore.full_count);
    }
    return worst;
  }

  const World& world() const { return world_; }
  const std::set<PeerId>& unserved() const { return unserved_; }
  std::size_t waiters_at_peace() const { return waiters_at_peace_; }
  std::size_t grants() const { return grants_; }

 private:
  void hear(const LedgerEvent& event) {
    if (event.kind != EventKind::kGranted) return;
    ++grants_;
    unserved_.erase(event.peer);
  }
  bool belongs_to_somebody(PeerId peer) const {
    return std::any_of(clients_.begin(), clients_.end(),
                       [peer](const LeaseClient& client) { return client.peer() == peer; });
  }

  Weather weather_;
  World world_;
  std::vector<LeaseClient> clients_;
  std::set<PeerId> unserved_;
  std::size_t waiters_at_peace_ = 0;
  std::size_t grants_ = 0;
};

TEST(LeaseSimulation, AfterAnyStormEveryWaiterIsServedAndEverythingComesBack) {
  const Weather storm{.lost_request = 10,
                      .lost_answer = 10,
                      .doubled_request = 20,
                      .restart = 1,
                      .reload = 2,
                      .crash = 1,
                      .startup_grace = 2s};
  std::size_t grants = 0, restarts = 0, waiters = 0;
  for (const std::uint64_t seed : seeds_to_run(40)) {
    SCOPED_TRACE("THROTTLE_SEED=" + std::to_string(seed));
    Simulation simulation(seed, storm);
    for (int i = 0; i < kStormTicks && simulation.world().violation().empty(); ++i)
      simulation.tick(true);
    simulation.make_peace();
    for (int i = 0; i < kPeaceTicks && !simulation.is_over(); ++i)
      simulation.tick(false);
    ASSERT_EQ(simulation.world().violation(), "");
    ASSERT_TRUE(simulation.unserved().empty()) << simulation.unserved().size() << " still wait";
    ASSERT_TRUE(simulation.is_over()) << text_of(simulation.world().ledger().picture());
    for (const SemaphorePicture& semaphore : simulation.world().ledger().picture().semaphores)
      ASSERT_EQ(semaphore.remainder, semaphore.full_count);
    grants += simulation.grants();
    restarts += simulation.world().restarts();
    waiters += simulation.waiters_at_peace();
  }
  std::printf("%zu grants, %zu restarts, %zu waiters when peace came\n", grants, restarts, waiters);
  EXPECT_GT(grants, 0U);
}

// How much too much the clients held at the worst instant of all seeds.
Count worst_over_commit(const Weather& weather, std::uint64_t seeds) {
  Count worst = 0;
  for (const std::uint64_t seed : seeds_to_run(seeds)) {
    SCOPED_TRACE("THROTTLE_SEED=" + std::to_string(seed));
    Simulation simulation(seed, weather);
    for (int i = 0; i < kStormTicks; ++i) {
      simulation.tick(true);
      worst = std::max(worst, simulation.over_commit());
    }
    EXPECT_EQ(simulation.world().violation(), "");
    EXPECT_GT(simulation.grants(), 0U);
  }
  return worst;
}

TEST(LeaseSimulation, WithAGraceLongerThanAHeartbeatARestartNeverOverCommits) {
  EXPECT_EQ(worst_over_commit({.restart = 3, .startup_grace = 3s}, 15), 0);
}

TEST(LeaseSimulation, WithoutAGraceARestartOverCommits) {
  EXPECT_GT(worst_over_commit({.restart = 3}, 5), 0) << "so the grace is what prevents it";
}

}  // namespace
}  // namespace throttle::testing
