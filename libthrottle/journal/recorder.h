// The journal's observer on the loop: turns the ledger's events into records and puts them into the
// channel, in some tens of nanoseconds each.
//
// States: recording; dropping, from the first record that found no room until the ring is half
// empty, when a summary of the gap follows; catching up, in which the ledger is walked a slice a
// turn, so that the writer learns what is open. Dropping may begin again at any time.
// Nothing blocks, fails or throws; only texts are allocated. One wake-up when a batch is full, or
// when something must be committed soon.
// Threads: the loop's; the counters any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_event.h"
#include "libthrottle/journal/channel.h"
#include "libthrottle/journal/record.h"
#include "libthrottle/journal/settings.h"

namespace throttle::journal {

// Something besides the ledger's events, for one row of `event`.
struct Note {
  RecordKind kind = RecordKind::kNote;  // numbered, and none of leases and waits
  TimePoint at;
  std::string json = {};  // the detail; empty: none
};

// A peer that is removed by force.
struct KickedPeer {
  PeerId peer = 0;
  SemaphoreIndex semaphore = kNoSemaphore;  // if it is one lock only
  SocketAddress from;                       // where the request came from
};

class Recorder {
 public:
  struct Options {
    WhenBehind when_behind = WhenBehind::kGap;
    bool labels = true;
    bool connections = true;
    TimePoint started = {};      // of the ledger
    TimePoint grants_from = {};  // the end of its startup grace
  };

  // `ledger` outlives the recorder.
  Recorder(std::shared_ptr<Channel> channel, const LeaseLedger& ledger, const Options& options);

  // All events since the last call, in order.
  void observe(std::span<const LedgerEvent> events) noexcept;
  void add(const Note& note) noexcept;
  // A peer is removed by force, before the ledger's events of it.
  void add_kick(TimePoint at, const KickedPeer& kicked, KickEntry kick) noexcept;
  // A proxied connection is over; `peer` is 0 if it never was one.
  void add(TimePoint ended, PeerId peer, const SocketAddress& client,
           ConnectionEntry entry) noexcept;

  // A connection of a proxy was refused before it was in the queue.
  void add_refusal(TimePoint at, const SocketAddress& client, ProxyRefusal refusal) noexcept;
  // Records the end of the startup grace, if it is over and was not recorded yet.
  void look_at_grace(TimePoint now) noexcept;

  // Goes on with the walk after a gap. Call it once a turn while is_catching_up(), when all events
  // have been observed.
  void catch_up(TimePoint now) noexcept;
  bool is_catching_up() const { return gap_.open || walk_ != Walk::kNone; }
  // While events are being dropped; the walk begins when there is room again.
  bool is_dropping() const { return gap_.open; }
  // Whether the writer is so far behind that nothing more should be granted (when_behind =
  // "pause"). Ask once a turn.
  bool wants_pause() noexcept;

  // How long the oldest event that is not in the file yet has waited, about; zero if there is none.
  Duration lag(TimePoint now) const noexcept;
  bool is_pausing() const { return pausing_; }

  // Numbered records since the start; those that were dropped; how often that began.
  std::uint64_t recorded() const { return number_; }
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  std::uint64_t gaps() const { return gaps_.load(std::memory_order_relaxed); }

 private:
  enum class Walk : std::uint8_t { kNone, kSemaphores, kPeers };
  struct Gap {
    bool open = false;
    std::uint64_t numbers = 0;
    TimePoint from;
    TimePoint to;
    GapSummary summary;
  };

  void record(const LedgerEvent& event) noexcept;
  void put(Record& record, bool urgent = false) noexcept;
  void drop(Record& record) noexcept;
  bool close_gap(TimePoint now) noexcept;
  void put_name(SemaphoreIndex index, TimePoint at) noexcept;
  void put_woken_late(const LedgerEvent& event) noexcept;
  void put_configured(const LedgerEvent& event) noexcept;
  void introduce(Record& record, const SocketAddress& address, std::string_view label) const;
  std::optional<SemaphoreIndex> index_of(std::string_view name) const noexcept;
  void note_pause(SemaphoreIndex semaphore, bool paused) noexcept;
  void find_semaphores(TimePoint now) noexcept;
  bool find_peers(TimePoint now) noexcept;
  void find_peer(const PeerState& peer, TimePoint now) noexcept;

  std::shared_ptr<Channel> channel_;
  const LeaseLedger& ledger_;
  const Options options_;
  std::uint64_t number_ = 0;
  std::size_t since_call_ = 0;            // records since the writer was woken
  std::vector<bool> names_sent_;          // by semaphore
  std::vector<SemaphoreEntry> settings_;  // by semaphore, as configured last
  std::vector<bool> paused_;              // by semaphore
  bool all_paused_ = false;
  Gap gap_;
  Walk walk_ = Walk::kNone;
  PeerCursor cursor_;
  bool pausing_ = false;
  bool in_grace_;
  std::uint64_t waiting_number_ = 0;  // an early one of those that wait for their commit
  TimePoint waiting_since_;           // when it was recorded
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint64_t> gaps_{0};
};

}  // namespace throttle::journal
