// One function writes a row: it binds the columns and feeds the same columns to the chain, so the
// two cannot differ.
#include "libthrottle/journal/store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::journal {

// In the order in which rows are hashed.
struct Store::Statements {
  Statement begin, commit, rollback;
  Statement run, semaphore, proxy, peer, event, detail, connection, refusal, batch;
  Statement open_live, close_live;
};

namespace {

// A row of a table whose first letter is `letter`.
template <typename... Columns>
SqlResult<void> write_row(Statement& statement, RowBytes& bytes, char letter,
                          const Columns&... columns) noexcept {
  bytes.row(letter);
  (bytes.column(columns), ...);
  return statement.run(columns...);
}

constexpr MaybeInteger kNull;

}  // namespace

Store::Store(Database database)
    : database_(std::move(database)), statements_(std::make_unique<Statements>()) {}

Store::~Store() = default;

SqlResult<std::unique_ptr<Store>> Store::open(Database database, Durability durability) {
  std::unique_ptr<Store> store(new Store(std::move(database)));
  if (auto done = store->configure(durability); !done) return tl::unexpected(done.error());
  if (auto done = make_views(store->database_); !done) return tl::unexpected(done.error());
  if (auto done = store->prepare(); !done) return tl::unexpected(done.error());
  if (auto done = store->read_head(); !done) return tl::unexpected(done.error());
  return store;
}

SqlResult<void> Store::configure(Durability durability) {
  if (auto done = database_.query_text("PRAGMA journal_mode = WAL"); !done)
    return tl::unexpected(done.error());
  const Sql synchronous = durability == Durability::kPower ? Sql("PRAGMA synchronous = FULL")
                                                           : Sql("PRAGMA synchronous = NORMAL");
  if (auto done = database_.execute(synchronous); !done) return done;
  return database_.execute(
      "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;"
      "PRAGMA cache_size = -8192; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY");
}

SqlResult<void> Store::prepare() {
  Statements& s = *statements_;
  struct Text {
    Statement* statement;
    Sql sql;
  };
  const std::array<Text, 14> all{{
      {&s.begin, "BEGIN IMMEDIATE"},
      {&s.commit, "COMMIT"},
      {&s.rollback, "ROLLBACK"},
      {&s.run, "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
      {&s.semaphore, "INSERT INTO semaphore VALUES (?, ?, ?, ?, ?, ?)"},
      {&s.proxy, "INSERT INTO proxy VALUES (?, ?)"},
      {&s.peer, "INSERT INTO peer VALUES (?, ?, ?, ?, ?, ?, ?)"},
      {&s.event, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&s.detail, "INSERT INTO detail VALUES (?, ?)"},
      {&s.connection,
       "INSERT INTO connection VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&s.refusal, "INSERT INTO refusal VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
      {&s.batch, "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
      {&s.open_live, "INSERT INTO live VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
      {&s.close_live, "DELETE FROM live WHERE since_seq = ?"},
  }};
  for (const auto& [statement, sql] : all) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return tl::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

SqlResult<void> Store::read_head() {
  auto id = database_.query_text("SELECT id FROM journal");
  if (!id) return tl::unexpected(id.error());
  id_ = std::move(*id);
  auto query = database_.prepare(
      "SELECT batch_no, last_seq, hash FROM batch UNION ALL "
      "SELECT pruned_batch_no, pruned_seq, pruned_hash FROM journal "
      "ORDER BY 1 DESC LIMIT 1");
  if (!query) return tl::unexpected(query.error());
  const auto row = query->step();
  if (!row) return tl::unexpected(row.error());
  constexpr int kCorrupt = 11;  // SQLITE_CORRUPT
  if (!*row || query->blob(2).size() != head_.hash.size())
    return tl::unexpected(SqlError{kCorrupt, "the journal's chain has no end"});
  head_.batch_no = query->integer(0);
  head_.seq = query->integer(1);
  const Blob hash = query->blob(2);
  std::copy(hash.begin(), hash.end(), head_.hash.begin());
  return {};
}

SqlResult<Continuation> Store::read_continuation() {
  Continuation file;
  auto last = database_.prepare(
      "SELECT batch_no, last_seq, last_peer_no, last_connection_no, last_refusal_no, committed_us,"
      " (SELECT max(run_no) FROM run), (SELECT max(semaphore_no) FROM semaphore),"
      " (SELECT max(proxy_no) FROM proxy), (SELECT at_us FROM event ORDER BY seq DESC LIMIT 1)"
      " FROM batch ORDER BY batch_no DESC LIMIT 1");
  if (!last) return tl::unexpected(last.error());
  const auto row = last->step();
  if (!row) return tl::unexpected(row.error());
  if (*row) {
    file.last = {.run_no = last->integer(6),
                 .batch_no = last->integer(0),
                 .seq = last->integer(1),
                 .peer_no = last->integer(2),
                 .connection_no = last->integer(3),
                 .refusal_no = last->integer(4),
                 .semaphore_no = last->integer(7),
                 .proxy_no = last->integer(8)};
    file.latest_us = std::max(last->integer(5), last->integer(9));
  }
  auto names = database_.prepare(
      "SELECT 0, semaphore_no, name FROM semaphore UNION ALL SELECT 1, proxy_no, name FROM proxy");
  if (!names) return tl::unexpected(names.error());
  for (;;) {
    const auto more = names->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    (names->integer(0) == 0 ? file.semaphores : file.proxies)
        .push_back({names->integer(1), std::string(names->text(2))});
  }
  auto live = database_.prepare(
      "SELECT since_seq, kind_no, since_us, semaphore_no, peer_no, count, token FROM live"
      " ORDER BY since_seq");
  if (!live) return tl::unexpected(live.error());
  for (;;) {
    const auto more = live->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    file.live.push_back({live->integer(0), live->integer(1), live->integer(2), live->integer(3),
                         live->integer(4), live->integer(5), live->optional_integer(6)});
  }
  return file;
}

SqlResult<void> Store::commit(const Rows& rows, Integer committed_us) noexcept {
  THROTTLE_CHECK(rows.last.batch_no == head_.batch_no + 1);
  if (auto done = statements_->begin.run(); !done) return done;
  auto hash = write(rows, committed_us);
  SqlResult<void> done;
  if (!hash) done = tl::unexpected(hash.error());
  if (done) done = statements_->commit.run();
  if (!done) {
    if (!database_.is_idle()) static_cast<void>(statements_->rollback.run());
    return done;
  }
  head_ = {rows.last.batch_no, rows.last.seq, *hash};
  return {};
}

SqlResult<Hash> Store::write(const Rows& rows, Integer committed_us) noexcept {
  RowBytes& bytes = bytes_;
  bytes.clear();
  if (auto done = write_names(rows, bytes); !done) return tl::unexpected(done.error());
  if (auto done = write_events(rows, bytes); !done) return tl::unexpected(done.error());
  if (auto done = write_ends(rows, bytes); !done) return tl::unexpected(done.error());
  if (auto done = write_live(rows); !done) return tl::unexpected(done.error());
  const Numbers& n = rows.last;
  bytes.row('b');
  for (const Integer column :
       {n.batch_no, n.run_no, n.seq, n.peer_no, n.connection_no, n.refusal_no, committed_us})
    bytes.column(column);
  Chain chain(head_.hash);
  chain.add(bytes);
  const Hash hash = chain.finish();
  auto done = statements_->batch.run(n.batch_no, n.run_no, n.seq, n.peer_no, n.connection_no,
                                     n.refusal_no, committed_us, Blob(hash));
  if (!done) return tl::unexpected(done.error());
  return hash;
}

SqlResult<void> Store::write_names(const Rows& rows, RowBytes& bytes) noexcept {
  if (rows.run) {
    const RunRow& r = *rows.run;
    if (auto done = write_row(statements_->run, bytes, 'r', r.run_no, r.id,
                              std::string_view(r.tool), std::string_view(r.version),
                              std::string_view(r.host), r.pid, r.started_us, r.first_seq);
        !done)
      return done;
  }
  for (const NameRow& r : rows.semaphores) {
    if (auto done = write_row(statements_->semaphore, bytes, 's', r.number,
                              std::string_view(r.name), kNull, kNull, kNull, kNull);
        !done)
      return done;
  }
  for (const NameRow& r : rows.proxies) {
    if (auto done = write_row(statements_->proxy, bytes, 'p', r.number, std::string_view(r.name));
        !done)
      return done;
  }
  for (const PeerRow& r : rows.peers) {
    if (auto done = write_row(statements_->peer, bytes, 'p', r.peer_no, r.run_no, r.id, r.proxy_no,
                              r.client, r.port, r.label);
        !done)
      return done;
  }
  return {};
}

SqlResult<void> Store::write_events(const Rows& rows, RowBytes& bytes) noexcept {
  for (const EventRow& r : rows.events) {
    if (auto done = write_row(statements_->event, bytes, 'e', r.seq, r.at_us, r.kind_no,
                              r.semaphore_no, r.peer_no, r.count, r.cause_no, r.span_us,
                              r.since_seq, r.token, r.excess, kNull);
        !done)
      return done;
  }
  for (const DetailRow& r : rows.details) {
    if (auto done = write_row(statements_->detail, bytes, 'd', r.seq, std::string_view(r.json));
        !done)
      return done;
  }
  return {};
}

SqlResult<void> Store::write_ends(const Rows& rows, RowBytes& bytes) noexcept {
  for (const ConnectionRow& r : rows.connections) {
    if (auto done = write_row(statements_->connection, bytes, 'c', r.connection_no, r.ended_us,
                              r.peer_no, r.proxy_no, std::string_view(r.upstream), r.waited_us,
                              r.prepared_us, r.connected_us, r.total_us, r.bytes_up, r.bytes_down,
                              std::string_view(r.ended_by), std::string_view(r.phase), r.position,
                              r.reason);
        !done)
      return done;
  }
  for (const RefusalRow& r : rows.refusals) {
    if (auto done = write_row(statements_->refusal, bytes, 'r', r.refusal_no, r.from_us, r.to_us,
                              r.semaphore_no, r.proxy_no, std::string_view(r.reason), r.count,
                              r.last_client);
        !done)
      return done;
  }
  return {};
}

SqlResult<void> Store::write_live(const Rows& rows) noexcept {
  for (const LiveRow& r : rows.opened) {
    if (auto done = statements_->open_live.run(r.since_seq, r.kind_no, r.since_us, r.semaphore_no,
                                               r.peer_no, r.count, r.token, kNull);
        !done)
      return done;
  }
  for (const Integer since_seq : rows.closed) {
    if (auto done = statements_->close_live.run(since_seq); !done) return done;
  }
  return {};
}

void Store::close_for_copying() noexcept {
  statements_.reset();
  static_cast<void>(database_.checkpoint(Database::Checkpoint::kTruncate));
  static_cast<void>(database_.query_text("PRAGMA journal_mode = DELETE"));
}

}  // namespace throttle::journal
