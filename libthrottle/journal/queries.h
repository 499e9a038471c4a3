// What people ask of a journal: the file itself, its runs, events with the names they refer to.
//
// Everything is read in slices, each a short transaction, so that a reader never keeps a checkpoint
// from its work. Rows do not change, so the slices need no common snapshot.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/journal/reader.h"

namespace throttle::journal {

struct FileFacts {
  std::string id;
  std::string name;
  std::int64_t version = 0;
  std::int64_t created_us = 0;
  std::int64_t pruned_seq = 0;
  std::int64_t first_seq = 0;  // 0: there is no event
  std::int64_t last_seq = 0;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  std::int64_t events = 0;
  std::int64_t runs = 0;
  std::int64_t batches = 0;
  std::int64_t committed_us = 0;  // the last commit
  std::int64_t last_batch_no = 0;
  std::string head_hash;
  std::int64_t connections = 0;
  std::int64_t refusals = 0;
  std::int64_t leases = 0;  // open
  std::int64_t waits = 0;
  std::int64_t bytes = 0;
  std::string journal_mode;
};
Result<FileFacts> read_facts(Reader& reader);

struct RunFacts {
  std::int64_t run_no = 0;
  std::uint64_t id = 0;
  std::string tool;
  std::string version;
  std::string host;
  std::int64_t pid = 0;
  std::int64_t started_us = 0;
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
  std::int64_t last_commit_us = 0;
  bool stopped = false;  // in order
};
Result<std::vector<RunFacts>> read_runs(Reader& reader);

// The names of semaphores, by number.
struct SemaphoreFacts {
  std::int64_t semaphore_no = 0;
  std::string name;
  std::optional<std::int64_t> pruned_full;  // in force where the file begins
};
Result<std::vector<SemaphoreFacts>> read_semaphores(Reader& reader);

// A row of a query over events. Texts are good until the visit returns; `text` of a column that is
// NULL is empty.
struct EventText {
  std::int64_t seq = 0;
  std::int64_t at_us = 0;
  std::int64_t kind_no = 0;
  std::string_view semaphore;
  std::optional<std::int64_t> peer;  // the 64 bits of its id
  std::string_view client;           // with its port
  std::string_view label;
  std::optional<std::int64_t> count;
  std::int64_t cause_no = 0;
  std::optional<std::int64_t> span_us;
  std::optional<std::int64_t> since_seq;
  std::optional<std::int64_t> token;
  std::optional<std::int64_t> excess;
  std::string_view detail;
};

// Events after `after`, up to `last`.
struct SeqRange {
  std::int64_t after = 0;
  std::int64_t last = INT64_MAX;
};

// Visits events in order until `visit` returns false.
Result<void> visit_events(Reader& reader, SeqRange range,
                          const std::function<bool(const EventText&)>& visit);

// Events without their names: what numbers alone say, several times faster.
struct EventNumbers {
  std::int64_t seq = 0;
  std::int64_t at_us = 0;
  std::int64_t kind_no = 0;
  std::int64_t semaphore_no = 0;  // 0: none
  std::int64_t peer_no = 0;       // 0: none
  std::int64_t count = 0;
  std::int64_t cause_no = 0;
  std::int64_t span_us = 0;
  std::int64_t since_seq = 0;       // 0: none
  std::int64_t missed_kind_no = 0;  // of a `missed`: how what it ends began
};
Result<void> visit_numbers(Reader& reader, SeqRange range,
                           const std::function<bool(const EventNumbers&)>& visit);

// The full counts in force just after the event `seq`, by the semaphore's number.
Result<std::map<std::int64_t, std::int64_t>> full_counts_after(Reader& reader, std::int64_t seq);

// The last event that is not later than the time; 0 if there is none. Found by bisection, as times
// rise with the numbers except where the clock was set back.
Result<std::int64_t> seq_at(Reader& reader, std::int64_t time_us);
// The time of the last event up to this number; 0 if there is none.
Result<std::int64_t> time_at(Reader& reader, std::int64_t seq);
// The first event of a run. Error kNotFound.
Result<std::int64_t> first_seq_of_run(Reader& reader, std::int64_t run_no);

// A lease or a wait, whole.
struct Interval {
  bool waits = false;
  std::string semaphore;
  std::int64_t peer = 0;
  std::string client;  // with its port
  std::string label;
  std::int64_t count = 0;
  std::int64_t since_seq = 0;
  std::int64_t from_us = 0;
  std::optional<std::int64_t> to_us;  // absent: it is open
  std::int64_t span_us = 0;           // until now, where it is open
  std::string_view ended_by;          // a cause, "granted" or "missed"; empty: it is open
  std::int64_t token = 0;             // of an open one
};

// Those that were open just after the event `seq`, by semaphore, leases first, in the order in
// which they began.
Result<std::vector<Interval>> open_after(Reader& reader, std::int64_t seq);
// Those of one sort that ended within the range, then those that are open.
enum class Sort : std::uint8_t { kLeases, kWaits };
Result<void> visit_intervals(Reader& reader, SeqRange range, Sort sort,
                             const std::function<void(const Interval&)>& visit);

struct RefusalText {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string_view semaphore;
  std::string_view proxy;
  std::string_view reason;
  std::int64_t count = 0;
  std::string_view last_client;
};
Result<void> visit_refusals(Reader& reader, const std::function<void(const RefusalText&)>& visit);

// A whole copy of the file at `path`, which does not exist or is empty, without what is not
// committed.
Result<void> copy_to(Reader& reader, const std::string& path);

}  // namespace throttle::journal
