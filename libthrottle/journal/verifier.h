// Proves from a journal's rows that the semaphores' rules were kept: rows in, findings out.
//
// Pure, and written from the rules alone: it shares nothing with the writer but the schema's
// numbers and the chain. It keeps what is open, and of each semaphore its settings, its sum and its
// queue; so its memory grows with what is open at a time, and with the peers of two days.
// What cannot be known is said: a gap and a lost run are reservations, within which the rules that
// need a complete history rest. A violation is reported once, and its semaphore is taken as it is
// from then on.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace throttle::journal {

// The fourteen rules, by the words of the report.
enum class Rule : std::uint8_t {
  kFile,
  kChain,
  kHole,
  kTime,
  kPairs,
  kLimit,
  kOverCommit,
  kOrder,
  kTokens,
  kHierarchy,
  kWakeUps,
  kLive,
  kConnections,
  kCounters,
};
std::string_view rule_name(Rule rule);

struct Violation {
  Rule rule = Rule::kFile;
  std::int64_t seq = 0;  // of an event, or of the row that the rule is about
  std::string text;
};

// Something that the rows cannot prove.
struct Reservation {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string text;
};

// A time in which more was held than the full count, as a restore or a configuration declares it.
struct OverCommit {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;  // 0: to the end of the file
  std::int64_t seq = 0;
  std::string semaphore;
  std::int64_t peak = 0;
  std::int64_t full = 0;
  std::set<std::uint64_t> peers;  // that were restored in it
  std::string cause;              // "restored" or "configured"
};

// What happened in the last run, to be compared with the counters of its server.
struct SemaphoreCounts {
  std::string name;
  std::int64_t granted = 0;
  std::int64_t restored = 0;
  std::array<std::int64_t, 16> leases_ended{};  // by the number of the cause
  std::array<std::int64_t, 16> waits_ended{};
};
struct RunCounts {
  std::uint64_t run_id = 0;
  bool complete = false;  // from its beginning, and without a gap
  std::vector<SemaphoreCounts> semaphores;
};

struct Report {
  std::vector<Violation> violations;  // the first thousand
  std::uint64_t violation_count = 0;
  std::vector<Reservation> reservations;
  std::vector<OverCommit> overcommits;
  std::int64_t events = 0;
  std::int64_t batches = 0;
  std::int64_t connections = 0;
  std::int64_t runs = 0;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  std::int64_t leases = 0;  // open at the end
  std::int64_t waits = 0;
  std::int64_t heads = 0;  // kept heads that are in the file
  RunCounts last_run;
  std::int64_t counters = 0;  // of its server, that were compared

  bool has(Rule rule) const;
};

// One row of `event`; 0 where a number is NULL, as no number is 0.
struct EventView {
  std::int64_t seq = 0;
  std::int64_t at_us = 0;
  std::int64_t kind_no = 0;
  std::int64_t semaphore_no = 0;
  std::int64_t peer_no = 0;
  std::optional<std::int64_t> count;
  std::int64_t cause_no = 0;
  std::optional<std::int64_t> span_us;
  std::int64_t since_seq = 0;
  std::int64_t token = 0;
  std::optional<std::int64_t> excess;
};

struct LiveView {
  std::int64_t since_seq = 0;
  std::int64_t kind_no = 0;
  std::int64_t semaphore_no = 0;
  std::int64_t peer_no = 0;
  std::int64_t count = 0;
  std::int64_t token = 0;
};

class Verifier {
 public:
  // What was in force where the file begins; a file that was never pruned begins with nothing.
  struct SemaphoreAtCut {
    std::int64_t semaphore_no = 0;
    std::optional<std::int64_t> full;
    std::int64_t level = 0;
    std::string_view order;
    std::int64_t paused = 0;  // 1: itself; 2: all
  };
  explicit Verifier(std::int64_t pruned_seq);
  void semaphore(std::int64_t number, std::string_view name);
  void at_cut(const SemaphoreAtCut& semaphore);
  // What was open at the cut, known from its end or from `live`.
  void open_at_cut(const LiveView& open, std::int64_t since_us);

  // Rows in the order of their batches: peers before the events that refer to them.
  struct Beginning {
    std::int64_t run_no = 0;
    std::uint64_t run_id = 0;
    std::int64_t last_committed_us = 0;  // of the run before
  };
  void begin_run(const Beginning& run);
  void peer(std::int64_t peer_no, std::uint64_t id, std::string_view client);
  void event(const EventView& event, std::string_view detail);
  // Peers up to this number are not referred to any more.
  void forget_peers(std::int64_t peer_no);
  void connection(std::int64_t connection_no, std::int64_t peer_no, bool had_place);
  void violate(Rule rule, std::int64_t seq, std::string text);
  void reserve(std::int64_t from_us, std::int64_t to_us, std::string text);

  // The rows of `live`, then the end.
  void live(const LiveView& live);
  Report finish();
  Report& report() { return report_; }

 private:
  using Integer = std::int64_t;
  enum class Order : std::uint8_t { kFifo, kLifo, kFair, kOther };
  struct Waiter {
    Integer count = 0;
    std::uint64_t client = 0;
  };
  struct Semaphore {
    std::string name;
    std::optional<Integer> full;  // absent: not configured
    Integer level = 0;
    Order order = Order::kFifo;
    bool paused = false;
    Integer held = 0;
    std::map<Integer, Waiter> queue;                   // by the number of `queued`
    std::set<std::pair<std::uint64_t, Integer>> fair;  // client and number, of a fair queue
    bool changed = false;                              // since the time moved on
    bool forgiven = false;                             // violated; until it is within its limit
    Integer excess = 0;                                // beyond the full count
    Integer owed_by = 0;                               // the row that owes one of kind `excess`
    int over = -1;                                     // its open interval in the report
    SemaphoreCounts counts;                            // of the present run
  };
  struct Open {
    std::uint64_t id = 0;
    Integer peer_no = 0;
    Integer semaphore_no = 0;
    Integer count = 0;
    Integer began_us = 0;
    Integer token = 0;
    std::uint32_t clock = 0;
    bool waits = false;
    std::uint8_t kind_no = 0;
    bool in_live = false;
  };
  struct Peer {  // that has something open
    Integer wait = 0;
    std::vector<Integer> leases;  // numbers of their beginnings
  };
  struct PeerRow {
    std::uint64_t id = 0;
    std::uint64_t client = 0;  // a hash of its address, or of its network
    bool granted = false;
  };

  void check_hole(const EventView& event);
  void check_time(const EventView& event);
  void check_span(const EventView& event, const Open& open);
  void check_wake_ups(Integer seq);
  void check_limit(const EventView& event, Semaphore& semaphore);
  void check_order(const EventView& event, const Semaphore& semaphore);
  void check_hierarchy(const EventView& event, const Semaphore& semaphore);
  void check_token(const EventView& event);
  void check_excess(const EventView& event, Semaphore& semaphore);
  void expect_excess(const EventView& event, Semaphore& semaphore);
  void check_owed(Semaphore& semaphore);

  void on_queued(const EventView& event);
  void on_granted(const EventView& event);
  void on_restored(const EventView& event);
  void on_found(const EventView& event, bool waits);
  void on_ended(const EventView& event);
  void on_configured(const EventView& event, std::string_view detail);
  void on_paused(const EventView& event, bool paused);
  void on_gap(const EventView& event);
  void on_started(const EventView& event);

  void begin(const EventView& event, bool waits, Integer began_us);
  // Takes out what an end names; false if it names nothing that is open.
  bool end(const EventView& event, bool waits, bool any);
  void remove(Integer since_seq);
  void update_over(const EventView& event, Semaphore& semaphore, std::string_view cause);
  void touch(Integer number, Semaphore& semaphore);
  void forget_changes();
  Semaphore& semaphore_of(const EventView& event);
  const PeerRow* peer_row(Integer peer_no) const;
  PeerRow* peer_row(Integer peer_no);
  std::uint64_t id_of(const EventView& event);
  bool order_rests(const Semaphore& semaphore) const;
  static Integer excess_of(const Semaphore& semaphore);

  Report report_;
  std::vector<Semaphore> semaphores_;  // by number
  std::vector<Integer> changed_;       // numbers of semaphores that changed since the time moved on
  std::unordered_map<Integer, Open> open_;
  std::unordered_map<std::uint64_t, Peer> peers_;
  std::vector<PeerRow> peer_rows_;
  Integer first_peer_no_ = 0;  // of peer_rows_
  Integer last_seq_ = 0;
  Integer last_us_ = 0;
  bool time_known_ = false;  // there was an event of this run
  bool stepped_ = false;     // the row above is a step of the clock
  std::uint32_t clock_ = 0;  // rises with every step
  Integer last_token_ = 0;
  Integer run_no_ = 0;
  bool first_token_of_run_ = true;
  bool stopped_ = true;
  bool all_paused_ = false;
  bool in_grace_ = false;
  bool resting_ = false;  // in a gap and its catch-up
  Integer gap_from_us_ = 0;
  std::string gap_text_;
  Integer order_rests_below_ = 0;  // waits that began before this number are in no known order
};

}  // namespace throttle::journal
