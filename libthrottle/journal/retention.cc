// A slice is one transaction: the settings in force at the cut are kept in `semaphore`, rows are
// deleted by the ranges of their numbers, and `journal` gets the new beginning of the chain.
#include "libthrottle/journal/retention.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace throttle::journal {

namespace {

constexpr Integer kSliceRows = 20'000;
constexpr Integer kPageBytes = 4096;
constexpr Integer kDayUs = 86'400'000'000;

std::filesystem::path path_of(const std::string& utf8) {
  return {std::u8string(utf8.begin(), utf8.end())};
}

Integer file_bytes(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path_of(path), error);
  return error ? 0 : static_cast<Integer>(size);
}

// The space that is left on the volume of a file; as much as there could be if that is unknown.
Integer available_bytes(const std::string& path) {
  std::error_code error;
  auto folder = path_of(path).parent_path();
  if (folder.empty()) folder = ".";
  const auto space = std::filesystem::space(folder, error);
  constexpr auto kMost = static_cast<std::uintmax_t>(INT64_MAX);
  return error ? INT64_MAX : static_cast<Integer>(std::min(space.available, kMost));
}

}  // namespace

SqlResult<Integer> Retention::prune(Database& database, Integer now_us) {
  const auto room = lacks_room(database);
  if (!room) return tl::unexpected(room.error());
  const auto cut = find_cut(database, now_us, *room);
  if (!cut) return tl::unexpected(cut.error());
  Integer pruned = 0;
  if (cut->batch_no > 0) {
    auto done = delete_to(database, *cut);
    if (!done) return done;
    pruned = *done;
  }
  if (free_pages_ > pages_ / 4) {
    if (auto done = database.execute("PRAGMA incremental_vacuum(256)"); !done)
      return tl::unexpected(done.error());
  }
  return pruned;
}

Integer Retention::measure_wal() const {
  return file_bytes(path_ + "-wal");
}

SqlResult<bool> Retention::lacks_room(Database& database) {
  const auto pages = database.query_integer("PRAGMA page_count");
  if (!pages) return tl::unexpected(pages.error());
  const auto free = database.query_integer("PRAGMA freelist_count");
  if (!free) return tl::unexpected(free.error());
  pages_ = *pages;
  free_pages_ = *free;
  used_bytes_ = (pages_ - free_pages_) * kPageBytes;
  wal_bytes_ = measure_wal();
  return used_bytes_ + wal_bytes_ > limits_.max_bytes ||
         available_bytes(path_) < limits_.free_bytes;
}

// The newest batch always stays: it is the head of the chain.
SqlResult<Retention::Cut> Retention::find_cut(Database& database, Integer now_us, bool lacks_room) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  auto batches = database.prepare(
      "SELECT batch_no, last_seq, last_peer_no, last_connection_no, last_refusal_no, committed_us,"
      " pruned_seq FROM batch JOIN journal WHERE batch_no > pruned_batch_no ORDER BY batch_no");
  if (!batches) return tl::unexpected(batches.error());
  const Integer oldest_kept = now_us - duration_cast<microseconds>(limits_.keep).count();
  Cut cut, next;
  oldest_us_ = 0;
  Integer first_row = 0;
  for (;;) {
    const auto row = batches->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;  // `next` is the newest one, which stays
    if (next.batch_no > 0) cut = next;
    next = {batches->integer(0), batches->integer(1), batches->integer(2),
            batches->integer(3), batches->integer(4), batches->integer(5)};
    const Integer rows = next.seq + next.connection_no + next.refusal_no;
    if (oldest_us_ == 0) {
      oldest_us_ = next.committed_us;
      first_row = rows;
    }
    if (!lacks_room && next.committed_us >= oldest_kept) break;
    if (cut.batch_no > 0 && rows - first_row > kSliceRows) break;
  }
  return cut;
}

SqlResult<Integer> Retention::delete_to(Database& database, const Cut& cut) {
  const auto pruned_seq = database.query_integer("SELECT pruned_seq FROM journal");
  if (!pruned_seq) return tl::unexpected(pruned_seq.error());
  peers_.push_back({cut.committed_us, cut.peer_no});
  Integer peer_no = 0;
  while (peers_.front().cut_us < cut.committed_us - 2 * kDayUs) {
    peer_no = peers_.front().peer_no;
    peers_.pop_front();
  }
  if (auto done = database.execute("BEGIN IMMEDIATE"); !done) return tl::unexpected(done.error());
  auto done = keep_settings(database, *pruned_seq, cut.seq);
  if (done) done = delete_rows(database, cut, peer_no);
  if (done) done = database.execute("COMMIT");
  if (!done) {
    if (!database.is_idle()) static_cast<void>(database.execute("ROLLBACK"));
    return tl::unexpected(done.error());
  }
  return cut.seq - *pruned_seq;
}

// What is in force at the new beginning of the chain. A start forgets what was configured; bit 1 of
// `pruned_paused` is a pause of all semaphores.
SqlResult<void> Retention::keep_settings(Database& database, Integer pruned_seq, Integer seq) {
  auto changes = database.prepare(
      "SELECT e.kind_no, e.semaphore_no, e.count, json_extract(d.json, '$.level'),"
      " json_extract(d.json, '$.order'), json_extract(d.json, '$.retired')"
      " FROM event e LEFT JOIN detail d ON d.seq = e.seq"
      " WHERE e.seq > ? AND e.seq <= ? AND e.kind_no IN (10, 11, 12, 20) ORDER BY e.seq");
  auto configure = database.prepare(
      "UPDATE semaphore SET pruned_full = ?2, pruned_level = ?3, pruned_order = ?4,"
      " pruned_paused = ifnull(pruned_paused, 0) WHERE semaphore_no = ?1");
  auto pause = database.prepare(
      "UPDATE semaphore SET pruned_paused = (ifnull(pruned_paused, 0) & ~?2) | ?3"
      " WHERE ?1 IS NULL OR semaphore_no = ?1");
  auto restart = database.prepare("UPDATE semaphore SET pruned_full = NULL, pruned_paused = 0");
  for (const auto* const statement : {&changes, &configure, &pause, &restart}) {
    if (!*statement) return tl::unexpected(statement->error());
  }
  changes->start(pruned_seq, seq);
  for (;;) {
    const auto row = changes->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    const Integer kind = changes->integer(0);
    const MaybeInteger semaphore = changes->optional_integer(1);
    SqlResult<void> done;
    if (kind == 20) {
      done = restart->run();
    } else if (kind == 10) {
      MaybeInteger full = changes->integer(2);
      if (changes->integer(5) != 0) full.reset();  // retired
      done = configure->run(semaphore, full, changes->optional_integer(3), changes->text(4));
    } else {
      const Integer bit = semaphore ? 1 : 2;
      done = pause->run(semaphore, bit, kind == 11 ? bit : Integer{0});
    }
    if (!done) return done;
  }
}

SqlResult<void> Retention::delete_rows(Database& database, const Cut& cut, Integer peer_no) {
  struct Range {
    Sql sql;
    Integer last;
  };
  const Range ranges[] = {
      {"DELETE FROM event WHERE seq <= ?", cut.seq},
      {"DELETE FROM detail WHERE seq <= ?", cut.seq},
      {"DELETE FROM connection WHERE connection_no <= ?", cut.connection_no},
      {"DELETE FROM refusal WHERE refusal_no <= ?", cut.refusal_no},
      {"DELETE FROM peer WHERE peer_no <= ? AND peer_no NOT IN (SELECT peer_no FROM live)",
       peer_no},
      {"UPDATE journal SET (pruned_seq, pruned_batch_no, pruned_hash) ="
       " (SELECT last_seq, batch_no, hash FROM batch WHERE batch_no = ?)",
       cut.batch_no},
      {"DELETE FROM batch WHERE batch_no < ?", cut.batch_no},
  };
  for (const Range& range : ranges) {
    auto statement = database.prepare(range.sql);
    if (!statement) return tl::unexpected(statement.error());
    if (auto done = statement->run(range.last); !done) return done;
  }
  return {};
}

}  // namespace throttle::journal
