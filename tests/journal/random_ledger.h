// A ledger to which everything happens that can: one seed is one story. Its events go through a
// recorder, a channel of any size, the bookkeeper and, where asked for, a file.
// Threads: one at a time.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "libthrottle/journal/bookkeeper.h"
#include "libthrottle/journal/store.h"
#include "tests/journal/journal_fixture.h"
#include "tests/journal/replay.h"

namespace throttle::journal {

class RandomLedger {
 public:
  // `max_queued`: of the channel; a small one makes gaps. `path`: of the file; empty: none.
  RandomLedger(std::uint64_t seed, std::size_t max_queued, std::string path = {});

  // One operation, and its events.
  void step();
  // The server dies and comes back: what is in the channel is lost, and the ledger is a new one.
  void crash();
  // The writer's turn: everything in the channel becomes one batch.
  void drain();
  // A batch of a few records: it may end in the middle of what happened at one moment. Now and then
  // the wall clock was set meanwhile.
  void drain_some();
  // Nothing is in the channel, and nothing is unknown.
  void settle();
  void stop();

  // Replays equal the ledger; empty: they do.
  std::string difference() const;
  const Replay& replay() const { return replay_; }
  std::uint64_t gaps() const { return ledger_->recorder().gaps(); }
  std::uint64_t lost() const { return ledger_->recorder().lost(); }
  LeaseLedger& ledger() { return ledger_->ledger(); }

 private:
  void start();
  void commit();
  void operate();
  void reconfigure();
  void less_often();
  void acquire();
  void restore();
  std::size_t below(std::size_t limit) { return random_() % limit; }
  PeerId any_peer() { return peers_[below(peers_.size())]; }
  std::string any_name();
  Duration any_life();
  SocketAddress any_address();

  std::mt19937_64 random_;
  std::size_t max_queued_;
  std::string path_;
  TimePoint now_{std::chrono::hours(1)};
  Integer wall_us_ = 1'764'000'000'000'000;
  std::uint64_t runs_ = 0;
  std::vector<SemaphoreSettings> settings_;
  std::vector<PeerId> peers_;
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<RecordedLedger> ledger_;
  std::unique_ptr<Bookkeeper> bookkeeper_;
  std::unique_ptr<Store> store_;
  Numbers last_;
  Continuation memory_;  // of a file that is none
  Replay replay_;
  bool all_paused_ = false;
};

}  // namespace throttle::journal
