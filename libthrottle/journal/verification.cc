// One pass over the file. Rows of each table are read in the order of their numbers by a cursor,
// and a batch takes from each cursor what its numbers say: so the rows are hashed in the order in
// which they were written, and the rules see them in the same pass.
//
// Names have no numbers in `batch`: a semaphore or proxy belongs to the batch that first refers to
// it. In a file that was pruned that may have been before the cut; such a batch is tried both ways.
#include "libthrottle/journal/verification.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <utility>

#include "libthrottle/journal/chain.h"
#include "libthrottle/journal/reader.h"
#include "libthrottle/journal/schema.h"

namespace throttle::journal {

namespace {

using Integer = std::int64_t;

constexpr Integer kSliceRows = 100'000;
constexpr Integer kPeerMemoryUs = Integer{2} * 86'400'000'000;

// The rows of one table in the order of their numbers, which are the first column.
class Cursor {
 public:
  SqlResult<void> prepare(Database& database, Sql sql) {
    auto statement = database.prepare(sql);
    if (!statement) return tl::unexpected(statement.error());
    statement_ = std::move(*statement);
    return {};
  }
  // From the row after the last one that was taken.
  SqlResult<void> open() {
    statement_.start(last_);
    return next();
  }
  void close() { statement_.reset(); }
  bool has_row_up_to(Integer number) const { return has_row_ && statement_.integer(0) <= number; }
  SqlResult<void> take() {
    last_ = statement_.integer(0);
    return next();
  }
  void set_last(Integer last) { last_ = last; }
  Integer last() const { return last_; }
  Statement& row() { return statement_; }

 private:
  SqlResult<void> next() {
    const auto row = statement_.step();
    if (!row) return tl::unexpected(row.error());
    has_row_ = *row;
    return {};
  }

  Statement statement_;
  Integer last_ = 0;
  bool has_row_ = false;
};

// All columns of a cursor's row, for the chain.
void encode(RowBytes& bytes, char letter, const Statement& row) {
  bytes.row(letter);
  for (int i = 0; i < row.columns(); ++i) {
    if (row.is_null(i)) {
      bytes.null();
    } else if (row.is_text(i)) {
      bytes.text(row.text(i));
    } else {
      bytes.integer(row.integer(i));
    }
  }
}

// The numbers above `after`, up to `last`.
struct NumberRange {
  Integer after = 0;
  Integer last = 0;
};

struct Batch {
  Integer number = 0;
  Integer run_no = 0;
  Integer seq = 0;
  Integer peer_no = 0;
  Integer connection_no = 0;
  Integer refusal_no = 0;
  Integer committed_us = 0;
  Hash hash{};
};

Batch batch_of(const Statement& row) {
  Batch batch{row.integer(0), row.integer(1), row.integer(2), row.integer(3),
              row.integer(4), row.integer(5), row.integer(6), {}};
  const Blob hash = row.blob(7);
  if (hash.size() == batch.hash.size()) std::copy(hash.begin(), hash.end(), batch.hash.begin());
  return batch;
}

class Verification {
 public:
  Verification(Reader& reader, const VerificationOptions& options, Integer pruned_seq)
      : database_(reader.database()), options_(options), verifier_(pruned_seq) {
    before_.seq = pruned_seq;
  }

  SqlResult<Report> run();

 private:
  // Tables in the order in which their rows are hashed.
  enum Table { kRun, kSemaphore, kProxy, kPeer, kEvent, kDetail, kConnection, kRefusal, kBatch };
  struct Name {
    Integer number;
    std::string name;
  };

  SqlResult<void> prepare();
  SqlResult<void> read_beginning();
  SqlResult<void> read_names();
  SqlResult<void> read_cut();
  SqlResult<bool> read_slice();
  SqlResult<void> read_batch(const Batch& batch);
  SqlResult<void> read_run(const Batch& batch);
  SqlResult<void> read_peers(const Batch& batch);
  SqlResult<void> read_details(const Batch& batch);
  SqlResult<void> read_events(const Batch& batch);
  SqlResult<void> read_connections(const Batch& batch);
  SqlResult<void> read_refusals(const Batch& batch);
  SqlResult<void> read_live();
  Hash hash_of_batch() const;
  void encode_names(RowBytes& bytes, char letter, const std::vector<Name>& names,
                    NumberRange range) const;
  void forget_peers(const Batch& batch);
  void check_heads(const Batch& batch);
  void check_last_heads();
  void expect(Integer number, const Cursor& cursor, std::string_view table);

  Database& database_;
  const VerificationOptions& options_;
  Verifier verifier_;
  Cursor batches_, runs_, peers_, events_, details_, connections_, refusals_;
  std::vector<Name> semaphores_, proxies_;
  Integer known_semaphore_ = 0;  // names up to this number are in earlier batches
  Integer known_proxy_ = 0;
  Integer last_semaphore_ = 0;  // that the present batch refers to
  Integer last_proxy_ = 0;
  std::array<RowBytes, 9> bytes_;  // of the present batch, by Table
  Batch before_;                   // the batch above
  bool pruned_ = false;
  std::vector<std::pair<Integer, std::string>> detail_rows_;  // of the batch
  std::deque<std::pair<Integer, Integer>> peer_limits_;       // time and last peer of batches
  Integer rows_ = 0;                                          // of the slice
  std::map<Integer, std::vector<KeptHead>> heads_;
  std::uint64_t run_id_ = 0;  // of the present batch
};

SqlResult<void> Verification::prepare() {
  struct Text {
    Cursor* cursor;
    Sql sql;
  };
  const Text all[] = {
      {&batches_,
       "SELECT batch_no, run_no, last_seq, last_peer_no, last_connection_no, last_refusal_no,"
       " committed_us, hash FROM batch WHERE batch_no > ? ORDER BY batch_no"},
      {&runs_, "SELECT * FROM run WHERE run_no > ? ORDER BY run_no"},
      {&peers_, "SELECT * FROM peer WHERE peer_no > ? ORDER BY peer_no"},
      {&events_, "SELECT * FROM event WHERE seq > ? ORDER BY seq"},
      {&details_, "SELECT * FROM detail WHERE seq > ? ORDER BY seq"},
      {&connections_, "SELECT * FROM connection WHERE connection_no > ? ORDER BY connection_no"},
      {&refusals_, "SELECT * FROM refusal WHERE refusal_no > ? ORDER BY refusal_no"},
  };
  for (const auto& [cursor, sql] : all) {
    if (auto done = cursor->prepare(database_, sql); !done) return done;
  }
  return {};
}

// Where the chain begins: behind the batch that retention left, or before the first.
SqlResult<void> Verification::read_beginning() {
  auto row = database_.prepare(
      "SELECT j.id, j.pruned_batch_no, j.pruned_hash, b.run_no, b.last_seq, b.last_peer_no,"
      " b.last_connection_no, b.last_refusal_no, b.committed_us, j.pruned_seq"
      " FROM journal j LEFT JOIN batch b ON b.batch_no = j.pruned_batch_no");
  if (!row) return tl::unexpected(row.error());
  const auto there = row->step();
  if (!there) return tl::unexpected(there.error());
  if (!*there) {
    verifier_.violate(Rule::kFile, 0, "the table journal is empty");
    return {};
  }
  pruned_ = row->integer(1) > 0;
  before_ = {row->integer(1), row->integer(3), row->integer(9), row->integer(5),
             row->integer(6), row->integer(7), row->integer(8), first_hash(row->text(0))};
  const Blob hash = row->blob(2);
  if (hash.size() == before_.hash.size()) std::copy(hash.begin(), hash.end(), before_.hash.begin());
  if (!pruned_ && before_.hash != first_hash(row->text(0)))
    verifier_.violate(Rule::kChain, 0, "the chain does not begin with the journal's id");
  batches_.set_last(before_.number);
  runs_.set_last(before_.run_no);
  peers_.set_last(before_.peer_no);
  events_.set_last(before_.seq);
  details_.set_last(before_.seq);
  connections_.set_last(before_.connection_no);
  refusals_.set_last(before_.refusal_no);
  return {};
}

SqlResult<void> Verification::read_names() {
  auto rows = database_.prepare(
      "SELECT 0, semaphore_no, name, pruned_level IS NOT NULL FROM semaphore"
      " UNION ALL SELECT 1, proxy_no, name, 0 FROM proxy ORDER BY 1, 2");
  if (!rows) return tl::unexpected(rows.error());
  for (;;) {
    const auto row = rows->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    const Integer number = rows->integer(1);
    const std::string name(rows->text(2));
    if (rows->integer(0) == 0) {
      verifier_.semaphore(number, name);
      semaphores_.push_back({number, name});
      if (rows->integer(3) != 0) known_semaphore_ = std::max(known_semaphore_, number);
    } else {
      proxies_.push_back({number, name});
    }
  }
}

// What was in force and open where the file begins: from `semaphore`, from ends behind the cut that
// name beginnings before it, and from `live`.
SqlResult<void> Verification::read_cut() {
  auto settings = database_.prepare(
      "SELECT semaphore_no, pruned_full, pruned_level, pruned_order, pruned_paused FROM semaphore"
      " WHERE pruned_level IS NOT NULL");
  if (!settings) return tl::unexpected(settings.error());
  for (;;) {
    const auto row = settings->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    verifier_.at_cut({settings->integer(0), settings->optional_integer(1), settings->integer(2),
                      settings->text(3), settings->integer(4)});
  }
  auto peers = database_.prepare(
      "SELECT peer_no, id, client FROM peer WHERE peer_no <= ?"
      " ORDER BY peer_no");
  if (!peers) return tl::unexpected(peers.error());
  peers->start(before_.peer_no);
  for (;;) {
    const auto row = peers->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    verifier_.peer(peers->integer(0), static_cast<std::uint64_t>(peers->integer(1)),
                   peers->text(2));
  }
  auto open = database_.prepare(
      "SELECT since_seq, CASE kind_no WHEN 4 THEN 2 ELSE 1 END AS kind, at_us - span_us,"
      " semaphore_no, peer_no, count, CASE kind_no WHEN 4 THEN token END FROM event"
      " WHERE since_seq <= ?1 AND kind_no IN (2, 3, 4)"
      " UNION ALL SELECT since_seq, kind_no, since_us, semaphore_no, peer_no, count, token"
      " FROM live WHERE since_seq <= ?1 ORDER BY 1");
  if (!open) return tl::unexpected(open.error());
  open->start(before_.seq);
  for (;;) {
    const auto row = open->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    verifier_.open_at_cut({open->integer(0), open->integer(1), open->integer(3), open->integer(4),
                           open->integer(5), open->integer(6)},
                          open->integer(2));
  }
}

SqlResult<Report> Verification::run() {
  for (const KeptHead& head : options_.heads)
    heads_[head.batch_no].push_back(head);
  if (options_.quick_check) {
    const auto verdict = database_.query_text("PRAGMA quick_check(1)");
    if (!verdict) return tl::unexpected(verdict.error());
    if (*verdict != "ok") verifier_.violate(Rule::kFile, 0, *verdict);
  }
  if (auto done = prepare(); !done) return tl::unexpected(done.error());
  if (auto done = read_beginning(); !done) return tl::unexpected(done.error());
  if (auto done = read_names(); !done) return tl::unexpected(done.error());
  if (pruned_) {
    if (auto done = read_cut(); !done) return tl::unexpected(done.error());
  }
  for (;;) {
    const auto more = read_slice();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
  }
  check_last_heads();
  return verifier_.finish();
}

// A transaction of whole batches. The last one also reads `live`, so that both are of one commit.
SqlResult<bool> Verification::read_slice() {
  if (auto done = database_.execute("BEGIN"); !done) return tl::unexpected(done.error());
  Cursor* const all[] = {&batches_, &runs_,        &peers_,   &events_,
                         &details_, &connections_, &refusals_};
  for (Cursor* const cursor : all) {
    if (auto done = cursor->open(); !done) return tl::unexpected(done.error());
  }
  rows_ = 0;
  bool more = false;
  while (batches_.has_row_up_to(INT64_MAX)) {
    const Batch batch = batch_of(batches_.row());
    expect(batch.number, batches_, "batch");
    if (auto done = read_batch(batch); !done) return tl::unexpected(done.error());
    if (auto done = batches_.take(); !done) return tl::unexpected(done.error());
    more = rows_ > kSliceRows;
    if (more) break;
  }
  if (!more) {
    if (auto done = read_live(); !done) return tl::unexpected(done.error());
  }
  for (Cursor* const cursor : all)
    cursor->close();
  if (auto done = database_.execute("COMMIT"); !done) return tl::unexpected(done.error());
  return more;
}

SqlResult<void> Verification::read_batch(const Batch& batch) {
  for (RowBytes& each : bytes_)
    each.clear();
  last_semaphore_ = known_semaphore_;
  last_proxy_ = known_proxy_;
  if (auto done = read_run(batch); !done) return done;
  if (auto done = read_peers(batch); !done) return done;
  if (auto done = read_details(batch); !done) return done;
  if (auto done = read_events(batch); !done) return done;
  if (auto done = read_connections(batch); !done) return done;
  if (auto done = read_refusals(batch); !done) return done;
  RowBytes& end = bytes_[kBatch];
  end.row('b');
  for (const Integer column : {batch.number, batch.run_no, batch.seq, batch.peer_no,
                               batch.connection_no, batch.refusal_no, batch.committed_us})
    end.column(column);
  encode_names(bytes_[kSemaphore], 's', semaphores_, {known_semaphore_, last_semaphore_});
  encode_names(bytes_[kProxy], 'p', proxies_, {known_proxy_, last_proxy_});
  bool proven = hash_of_batch() == batch.hash;
  if (!proven && pruned_ && last_proxy_ > known_proxy_) {
    bytes_[kProxy].clear();  // they were in a batch that was pruned
    proven = hash_of_batch() == batch.hash;
  }
  if (!proven)
    verifier_.violate(Rule::kChain, batch.seq,
                      "batch " + std::to_string(batch.number) + " is not what was hashed");
  known_semaphore_ = last_semaphore_;
  known_proxy_ = last_proxy_;
  check_heads(batch);
  forget_peers(batch);
  before_ = batch;
  ++verifier_.report().batches;
  return {};
}

Hash Verification::hash_of_batch() const {
  Chain chain(before_.hash);
  for (const RowBytes& each : bytes_)
    chain.add(each);
  return chain.finish();
}

void Verification::encode_names(RowBytes& bytes, char letter, const std::vector<Name>& names,
                                NumberRange range) const {
  for (const Name& name : names) {
    if (name.number <= range.after || name.number > range.last) continue;
    bytes.row(letter);
    bytes.integer(name.number);
    bytes.text(name.name);
    for (int i = 0; letter == 's' && i < 4; ++i)
      bytes.null();  // the columns pruned_*, as they were when the row was written
  }
}

// A number that is not the one after the row's above.
void Verification::expect(Integer number, const Cursor& cursor, std::string_view table) {
  if (number == cursor.last() + 1) return;
  verifier_.violate(Rule::kHole, before_.seq,
                    std::string(table) + " " + std::to_string(cursor.last() + 1) + " is missing");
}

SqlResult<void> Verification::read_run(const Batch& batch) {
  while (runs_.has_row_up_to(batch.run_no)) {
    encode(bytes_[kRun], 'r', runs_.row());
    run_id_ = static_cast<std::uint64_t>(runs_.row().integer(1));
    if (auto done = runs_.take(); !done) return done;
  }
  if (batch.run_no != before_.run_no)
    verifier_.begin_run({batch.run_no, run_id_, before_.committed_us});
  return {};
}

SqlResult<void> Verification::read_peers(const Batch& batch) {
  while (peers_.has_row_up_to(batch.peer_no)) {
    const Statement& row = peers_.row();
    expect(row.integer(0), peers_, "peer");
    encode(bytes_[kPeer], 'p', row);
    last_proxy_ = std::max(last_proxy_, row.integer(3));
    verifier_.peer(row.integer(0), static_cast<std::uint64_t>(row.integer(2)), row.text(4));
    ++rows_;
    if (auto done = peers_.take(); !done) return done;
  }
  return {};
}

SqlResult<void> Verification::read_details(const Batch& batch) {
  detail_rows_.clear();
  while (details_.has_row_up_to(batch.seq)) {
    encode(bytes_[kDetail], 'd', details_.row());
    detail_rows_.emplace_back(details_.row().integer(0), details_.row().text(1));
    ++rows_;
    if (auto done = details_.take(); !done) return done;
  }
  return {};
}

SqlResult<void> Verification::read_events(const Batch& batch) {
  auto detail = detail_rows_.begin();
  while (events_.has_row_up_to(batch.seq)) {
    const Statement& row = events_.row();
    encode(bytes_[kEvent], 'e', row);
    const EventView event{.seq = row.integer(0),
                          .at_us = row.integer(1),
                          .kind_no = row.integer(2),
                          .semaphore_no = row.integer(3),
                          .peer_no = row.integer(4),
                          .count = row.optional_integer(5),
                          .cause_no = row.integer(6),
                          .span_us = row.optional_integer(7),
                          .since_seq = row.integer(8),
                          .token = row.integer(9),
                          .excess = row.optional_integer(10)};
    last_semaphore_ = std::max(last_semaphore_, event.semaphore_no);
    while (detail != detail_rows_.end() && detail->first < event.seq)
      ++detail;
    const bool has_detail = detail != detail_rows_.end() && detail->first == event.seq;
    verifier_.event(event, has_detail ? std::string_view(detail->second) : std::string_view());
    ++rows_;
    if (auto done = events_.take(); !done) return done;
  }
  return {};
}

SqlResult<void> Verification::read_connections(const Batch& batch) {
  while (connections_.has_row_up_to(batch.connection_no)) {
    const Statement& row = connections_.row();
    expect(row.integer(0), connections_, "connection");
    encode(bytes_[kConnection], 'c', row);
    last_proxy_ = std::max(last_proxy_, row.integer(3));
    verifier_.connection(row.integer(0), row.integer(2), !row.is_null(5));
    ++rows_;
    if (auto done = connections_.take(); !done) return done;
  }
  return {};
}

SqlResult<void> Verification::read_refusals(const Batch& batch) {
  while (refusals_.has_row_up_to(batch.refusal_no)) {
    const Statement& row = refusals_.row();
    expect(row.integer(0), refusals_, "refusal");
    encode(bytes_[kRefusal], 'r', row);
    last_semaphore_ = std::max(last_semaphore_, row.integer(3));
    last_proxy_ = std::max(last_proxy_, row.integer(4));
    ++rows_;
    if (auto done = refusals_.take(); !done) return done;
  }
  return {};
}

SqlResult<void> Verification::read_live() {
  auto rows = database_.prepare(
      "SELECT since_seq, kind_no, semaphore_no, peer_no, count, ifnull(token, 0) FROM live");
  if (!rows) return tl::unexpected(rows.error());
  for (;;) {
    const auto row = rows->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    verifier_.live({rows->integer(0), rows->integer(1), rows->integer(2), rows->integer(3),
                    rows->integer(4), rows->integer(5)});
  }
  // Rows behind the last batch were never committed by the writer.
  Cursor* const all[] = {&peers_, &events_, &details_, &connections_, &refusals_};
  for (Cursor* const cursor : all) {
    if (cursor->has_row_up_to(INT64_MAX))
      verifier_.violate(Rule::kChain, before_.seq, "rows stand behind the last batch");
  }
  return {};
}

// A row of `peer` is written again when it is a day old, so nothing refers to one of two days.
void Verification::forget_peers(const Batch& batch) {
  peer_limits_.emplace_back(batch.committed_us, batch.peer_no);
  while (peer_limits_.front().first < batch.committed_us - kPeerMemoryUs) {
    verifier_.forget_peers(peer_limits_.front().second);
    peer_limits_.pop_front();
  }
}

void Verification::check_heads(const Batch& batch) {
  const auto kept = heads_.find(batch.number);
  if (kept == heads_.end()) return;
  for (const KeptHead& head : kept->second) {
    if (head.seq == batch.seq && head.hash == to_hex(batch.hash)) {
      ++verifier_.report().heads;
    } else {
      verifier_.violate(
          Rule::kChain, batch.seq,
          "batch " + std::to_string(batch.number) + " differs from the head that was kept");
    }
  }
  heads_.erase(kept);
}

// Heads that are left are of batches that retention deleted, or of none.
void Verification::check_last_heads() {
  for (const auto& [number, kept] : heads_) {
    if (number > before_.number)
      verifier_.violate(Rule::kChain, kept.front().seq,
                        "the file ends " + std::to_string(number - before_.number) +
                            " commits before a head that was kept (a power loss, or it was cut)");
  }
}

}  // namespace

Result<Report> verify_file(const std::string& path, const VerificationOptions& options) {
  auto reader = Reader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  const auto pruned = reader->database().query_integer("SELECT pruned_seq FROM journal");
  if (!pruned) return tl::unexpected(reading_error(path, pruned.error()));
  auto report = Verification(*reader, options, *pruned).run();
  if (!report) return tl::unexpected(reading_error(path, report.error()));
  return std::move(*report);
}

}  // namespace throttle::journal
