// What is known of a file as a whole.
#include "libthrottle/core/sha256.h"
#include "libthrottle/journal/queries.h"

namespace throttle::journal {

namespace {

tl::unexpected<Error> failure(const Reader& reader, const SqlError& error) {
  return tl::unexpected(reading_error(reader.path(), error));
}

template <typename Visit>
Result<void> each_row(Reader& reader, Sql sql, Visit visit) {
  auto rows = reader.database().prepare(sql);
  if (!rows) return failure(reader, rows.error());
  rows->start();
  for (;;) {
    const auto row = rows->step();
    if (!row) return failure(reader, row.error());
    if (!*row) return {};
    visit(*rows);
  }
}

Result<void> read_ends(Reader& reader, FileFacts& facts) {
  return each_row(
      reader,
      "SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event),"
      " (SELECT at_us FROM event ORDER BY seq LIMIT 1),"
      " (SELECT at_us FROM event ORDER BY seq DESC LIMIT 1), (SELECT count(*) FROM event),"
      " (SELECT count(*) FROM run), (SELECT count(*) FROM batch),"
      " (SELECT count(*) FROM connection), (SELECT ifnull(sum(count), 0) FROM refusal),"
      " (SELECT count(*) FROM live WHERE kind_no NOT IN (1, 33)),"
      " (SELECT count(*) FROM live WHERE kind_no IN (1, 33))",
      [&facts](const Statement& row) {
        facts.first_seq = row.integer(0);
        facts.last_seq = row.integer(1);
        facts.first_us = row.integer(2);
        facts.last_us = row.integer(3);
        facts.events = row.integer(4);
        facts.runs = row.integer(5);
        facts.batches = row.integer(6);
        facts.connections = row.integer(7);
        facts.refusals = row.integer(8);
        facts.leases = row.integer(9);
        facts.waits = row.integer(10);
      });
}

}  // namespace

Result<FileFacts> read_facts(Reader& reader) {
  FileFacts facts;
  auto done = each_row(
      reader,
      "SELECT id, name, created_us, pruned_seq, (SELECT user_version FROM pragma_user_version),"
      " (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size),"
      " (SELECT journal_mode FROM pragma_journal_mode) FROM journal",
      [&facts](const Statement& row) {
        facts.id = row.text(0);
        facts.name = row.text(1);
        facts.created_us = row.integer(2);
        facts.pruned_seq = row.integer(3);
        facts.version = row.integer(4);
        facts.bytes = row.integer(5);
        facts.journal_mode = row.text(6);
      });
  if (done) done = read_ends(reader, facts);
  if (!done) return tl::unexpected(done.error());
  done = each_row(reader,
                  "SELECT batch_no, committed_us, hash FROM batch ORDER BY batch_no DESC LIMIT 1",
                  [&facts](const Statement& row) {
                    facts.last_batch_no = row.integer(0);
                    facts.committed_us = row.integer(1);
                    facts.head_hash = to_hex(row.blob(2));
                  });
  if (!done) return tl::unexpected(done.error());
  return facts;
}

// A run stopped in order if the row of its stop is among its last.
Result<std::vector<RunFacts>> read_runs(Reader& reader) {
  std::vector<RunFacts> runs;
  auto done =
      each_row(reader,
               "SELECT r.run_no, r.id, r.tool, r.version, r.host, r.pid, r.started_us, r.first_seq,"
               " b.last_seq, b.committed_us,"
               " EXISTS (SELECT 1 FROM event e WHERE e.seq = b.last_seq AND e.kind_no = 21)"
               " FROM run r LEFT JOIN batch b ON b.batch_no ="
               " (SELECT max(x.batch_no) FROM batch x WHERE x.run_no = r.run_no) ORDER BY r.run_no",
               [&runs](const Statement& row) {
                 runs.push_back({.run_no = row.integer(0),
                                 .id = static_cast<std::uint64_t>(row.integer(1)),
                                 .tool = std::string(row.text(2)),
                                 .version = std::string(row.text(3)),
                                 .host = std::string(row.text(4)),
                                 .pid = row.integer(5),
                                 .started_us = row.integer(6),
                                 .first_seq = row.integer(7),
                                 .last_seq = row.integer(8),
                                 .last_commit_us = row.integer(9),
                                 .stopped = row.integer(10) != 0});
               });
  if (!done) return tl::unexpected(done.error());
  return runs;
}

Result<std::vector<SemaphoreFacts>> read_semaphores(Reader& reader) {
  std::vector<SemaphoreFacts> semaphores;
  auto done = each_row(
      reader, "SELECT semaphore_no, name, pruned_full FROM semaphore ORDER BY semaphore_no",
      [&semaphores](const Statement& row) {
        semaphores.push_back({row.integer(0), std::string(row.text(1)), row.optional_integer(2)});
      });
  if (!done) return tl::unexpected(done.error());
  return semaphores;
}

Result<std::map<std::int64_t, std::int64_t>> full_counts_after(Reader& reader, std::int64_t seq) {
  const auto semaphores = read_semaphores(reader);
  if (!semaphores) return tl::unexpected(semaphores.error());
  std::map<std::int64_t, std::int64_t> full;
  for (const SemaphoreFacts& semaphore : *semaphores)
    if (semaphore.pruned_full) full[semaphore.semaphore_no] = *semaphore.pruned_full;
  auto rows = reader.database().prepare(
      "SELECT semaphore_no, count FROM event WHERE seq <= ? AND kind_no = 10 ORDER BY seq");
  if (!rows) return failure(reader, rows.error());
  rows->start(seq);
  for (;;) {
    const auto row = rows->step();
    if (!row) return failure(reader, row.error());
    if (!*row) return full;
    full[rows->integer(0)] = rows->integer(1);
  }
}

}  // namespace throttle::journal
