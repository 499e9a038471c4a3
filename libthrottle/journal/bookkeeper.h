// Turns records into the rows of a batch: numbers them, finds the beginning of what ended, and
// knows what is open. Pure: no file, no clock, no thread of its own.
//
// States of a peer here: known (added, nothing recorded of it yet), written (it has a row, because
// it queued, was granted or restored), and gone. What a peer has open is in a list of its
// entry. An open lease or wait is `fresh` while its row in `live` is not written: what opens and
// ends within a batch never touches that table.
// After a gap everything that was open before it is unconfirmed, until the loop's walk over the
// ledger finds it, or ends, and then it is reported as missed.
// Invariants: the number of a record is the one before it plus one, except behind a gap; times of
// rows never fall in a run except at a step of the clock.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libthrottle/core/id_table.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/journal/record.h"
#include "libthrottle/journal/rows.h"
#include "libthrottle/journal/settings.h"

namespace throttle::journal {

struct Privacy {
  Clients clients = Clients::kFull;
  bool labels = true;
  bool connections = true;
};

// Whose life is recorded.
struct Run {
  std::uint64_t id = 0;  // 53 bits
  std::string tool;
  std::string version;
  std::string host;
  std::int64_t pid = 0;
};

// The same instant on both clocks.
struct Anchor {
  TimePoint steady;
  Integer wall_us = 0;  // since 1970 UTC
};

// What a file that is continued says: its last numbers, names, and what was open at its last
// commit.
struct Continuation {
  Numbers last;
  Integer latest_us = 0;  // the later one of the last event and the last commit
  std::vector<NameRow> semaphores;
  std::vector<NameRow> proxies;
  std::vector<LiveRow> live;
};

class Bookkeeper {
 public:
  Bookkeeper(Run run, Privacy privacy, const Anchor& start);

  // A file was opened: its numbers go on. What it had open is closed as lost, then `started`
  // follows. Where records were taken before, the file begins in mid-run: after `started` come
  // `configured` of all, a gap, and what is open as found. `missing` is the number of events that
  // are in no file; absent if that is not known.
  void open_file(const Continuation& file, MaybeInteger missing = std::nullopt);

  // Takes one record, with its attachment. Between a file's open_file() and the next one.
  void take(Record& record);

  // The wall clock was found to be elsewhere: by more than a second, so that it is recorded.
  void step_clock(const Anchor& now);
  // An event of the writer's own: another program wrote, a file was set aside.
  void note(TimePoint at, std::string_view json);
  // Writes the refusals that were counted up to now, those of at least ten seconds, or all.
  enum class Refusals : std::uint8_t { kDue, kAll };
  void flush_refusals(TimePoint now, Refusals which);
  // The orderly end: closes what is open, then `stopped`.
  void stop(TimePoint at);

  // The rows since the last call; what is open now is no longer fresh.
  Rows take_rows();
  bool has_rows() const { return !rows_.empty(); }
  std::size_t pending_events() const { return rows_.events.size(); }

  // Numbered records that were taken, and those that were missing.
  std::uint64_t last_number() const { return last_number_; }
  std::size_t open_count() const { return opens_.size(); }
  const Run& run() const { return run_; }
  Integer to_wall_us(TimePoint at) const;

 private:
  using PeerSlot = std::uint32_t;
  using OpenSlot = std::uint32_t;
  static constexpr std::uint32_t kNobody = 0xFFFFFFFF;

  struct PeerPlace : Identified {  // in the table of ids
    using Identified::Identified;
    PeerSlot slot = 0;
  };
  struct PeerEntry {
    PeerId id = 0;
    SocketAddress address;
    std::string label;
    Integer peer_no = 0;  // 0: no row in this file
    Integer row_at_us = 0;
    OpenSlot first = kNobody;
    std::uint32_t generation = 0;
  };
  struct Open {
    Integer since_seq = 0;
    Integer since_us = 0;
    TimePoint since;
    Integer peer_no = 0;
    Integer count = 0;
    FencingToken token = 0;
    SemaphoreIndex semaphore = 0;
    PeerSlot peer = kNobody;
    OpenSlot next = kNobody;  // of the same peer
    std::uint32_t generation = 0;
    std::uint32_t clock = 0;  // which anchor since_us counts from
    Kind kind = Kind::kQueued;
    bool fresh = true;
  };
  enum class Sort : std::uint8_t { kLease, kWait };
  struct SemaphoreSlot {
    Integer number = 0;  // in this file; 0: not mentioned yet
    SemaphoreEntry settings;
    Integer full_count = 0;
    bool configured = false;
    bool paused = false;
  };
  struct Departed {  // a peer that is gone, for the line of its connection
    PeerId id = 0;
    Integer peer_no = 0;
  };
  struct RefusalKey {
    SemaphoreIndex semaphore = kNoSemaphore;
    std::string proxy = {};  // empty: over HTTP
    std::string reason = {};
    auto operator<=>(const RefusalKey&) const = default;
  };
  struct RefusalSum {
    Integer from_us = 0;
    Integer to_us = 0;
    Integer count = 0;
    SocketAddress last;
  };

  static bool is_wait(Kind kind) { return kind == Kind::kQueued || kind == Kind::kFoundWaiting; }

  // --- records ---
  void take_numbered(const Record& record, Attachment* attachment);
  void take_begin(const Record& record);
  void take_grant(const Record& record);
  void take_end(const Record& record);
  void take_configured(const Record& record, Attachment* attachment);
  void take_labelled(const Record& record, Attachment* attachment);
  void take_detailed(const Record& record, Attachment* attachment);
  void take_other(const Record& record, Attachment* attachment);
  void take_refused(const Record& record, Attachment* attachment);
  void take_connection(const Record& record, ConnectionEntry& entry);

  // --- gaps ---
  void take_gap(const Record& record, const GapSummary& summary);
  void take_found_pause(const Record& record);
  void take_found_semaphore(const Record& record, SemaphoreEntry& entry);
  void take_found(const Record& record);
  void close_gap(TimePoint at);
  void miss(OpenSlot slot, TimePoint at);

  // --- rows ---
  EventRow& add_event(Kind kind, TimePoint at);
  EventRow& add_event_us(Kind kind, Integer at_us);
  void add_detail(std::string json);
  void close_lost(const Continuation& file);
  void begin_in_mid_run(MaybeInteger missing);
  void add_found(OpenSlot slot, TimePoint at);
  Integer span_of(const Open& open, Integer at_us, TimePoint at) const;
  void add_configured(TimePoint at, SemaphoreIndex index);
  Integer semaphore_number(SemaphoreIndex index);
  Integer proxy_number(const std::string& name);
  Integer peer_number(PeerSlot slot, Integer at_us);
  MaybeText client_text(const SocketAddress& address) const;
  SemaphoreSlot& semaphore_slot(SemaphoreIndex index);

  // --- peers and what they have open ---
  PeerSlot find_peer(PeerId id) const;
  PeerSlot know_peer(const Record& record, Attachment* introduction);
  void remove_peer(PeerSlot slot);
  OpenSlot find_open(PeerSlot peer, SemaphoreIndex semaphore, Sort sort) const;
  OpenSlot find_begun(PeerSlot peer, const Record& record, Sort sort);
  void open(const Open& open);
  // What the row begins; the row names its peer.
  void open_from(const EventRow& row, const Record& record, PeerSlot peer);
  void close(OpenSlot slot);
  // What is open, in the order in which it began.
  std::vector<OpenSlot> all_open() const;
  // An open one of the same place that must have ended in a gap.
  void miss_stale(PeerSlot peer, SemaphoreIndex semaphore, Sort sort, TimePoint at);

  Run run_;
  Privacy privacy_;
  Anchor anchor_;
  Anchor start_;
  Numbers last_;
  Rows rows_;
  bool has_file_ = false;
  std::uint64_t last_number_ = 0;
  Integer last_us_ = 0;
  std::uint32_t generation_ = 0;  // rises with every gap
  Integer gap_seq_ = 0;           // of the gap that is being caught up; 0: none
  std::vector<OpenSlot> fresh_;   // slots that were opened in this batch
  IdTable<PeerPlace> peer_places_;
  Slab<PeerEntry> peers_;
  Slab<Open> opens_;
  std::vector<SemaphoreSlot> semaphores_;                       // by the ledger's index
  std::unordered_map<std::string, Integer> semaphore_numbers_;  // by name, of this file
  std::unordered_map<std::string, Integer> proxy_numbers_;
  std::map<RefusalKey, RefusalSum> refusals_;
  std::vector<Departed> departed_;  // by a hash of the id; a newer one replaces an older one
  TimePoint last_at_;
  std::uint32_t clock_ = 0;  // rises with every step of the wall clock
  bool all_paused_ = false;
};

}  // namespace throttle::journal
