// Queries over events. Names are joined row by row, only for rows that are shown.
#include "libthrottle/journal/queries.h"

#include <algorithm>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/queries_text.h"
#include "libthrottle/journal/schema.h"

namespace throttle::journal {

namespace {

constexpr std::int64_t kSliceRows = 100'000;

// Runs a query of the form "… > ?1 AND … <= ?2 … ORDER BY seq LIMIT ?3", whose first column is the
// number it goes on after, slice by slice.
template <typename Visit>
Result<void> in_slices(Reader& reader, Sql sql, SeqRange range, Visit visit) {
  auto rows = reader.database().prepare(sql);
  if (!rows) return tl::unexpected(reading_error(reader.path(), rows.error()));
  for (std::int64_t after = range.after;;) {
    rows->start(after, range.last, kSliceRows);
    std::int64_t count = 0;
    for (;; ++count) {
      const auto row = rows->step();
      if (!row) return tl::unexpected(reading_error(reader.path(), row.error()));
      if (!*row) break;
      THROTTLE_CHECK(rows->integer(0) > after);
      after = rows->integer(0);
      if (!visit(*rows)) return {};
    }
    rows->reset();
    if (count < kSliceRows) return {};
  }
}

}  // namespace

std::string with_port(std::string_view client, std::optional<std::int64_t> port) {
  std::string text(client);
  if (text.empty() || !port) return text;
  if (text.find(':') != std::string::npos) text = '[' + text + ']';
  return text + ':' + std::to_string(*port);
}

Result<void> visit_events(Reader& reader, SeqRange range,
                          const std::function<bool(const EventText&)>& visit) {
  constexpr Sql kSql =
      "SELECT e.seq, e.at_us, e.kind_no, s.name, p.id, p.client, p.port, p.label, e.count,"
      " e.cause_no, e.span_us, e.since_seq, e.token, e.excess, d.json"
      " FROM event e LEFT JOIN semaphore s ON s.semaphore_no = e.semaphore_no"
      " LEFT JOIN peer p ON p.peer_no = e.peer_no LEFT JOIN detail d ON d.seq = e.seq"
      " WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq LIMIT ?3";
  return in_slices(reader, kSql, range, [&visit](const Statement& row) {
    const std::string client = with_port(row.text(5), row.optional_integer(6));
    return visit({.seq = row.integer(0),
                  .at_us = row.integer(1),
                  .kind_no = row.integer(2),
                  .semaphore = row.text(3),
                  .peer = row.optional_integer(4),
                  .client = client,
                  .label = row.text(7),
                  .count = row.optional_integer(8),
                  .cause_no = row.integer(9),
                  .span_us = row.optional_integer(10),
                  .since_seq = row.optional_integer(11),
                  .token = row.optional_integer(12),
                  .excess = row.optional_integer(13),
                  .detail = row.text(14)});
  });
}

Result<void> visit_numbers(Reader& reader, SeqRange range,
                           const std::function<bool(const EventNumbers&)>& visit) {
  constexpr Sql kSql =
      "SELECT seq, at_us, kind_no, semaphore_no, peer_no, count, cause_no, span_us, since_seq,"
      " CASE kind_no WHEN 32 THEN (SELECT b.kind_no FROM event b WHERE b.seq = event.since_seq) END"
      " FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
  return in_slices(reader, kSql, range, [&visit](const Statement& row) {
    return visit({row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4),
                  row.integer(5), row.integer(6), row.integer(7), row.integer(8), row.integer(9)});
  });
}

Result<std::int64_t> seq_at(Reader& reader, std::int64_t time_us) {
  Database& database = reader.database();
  const auto failure = [&reader](const SqlError& error) {
    return tl::unexpected(reading_error(reader.path(), error));
  };
  const auto first = database.query_integer("SELECT ifnull(min(seq), 0) FROM event");
  if (!first) return failure(first.error());
  const auto last = database.query_integer("SELECT ifnull(max(seq), 0) FROM event");
  if (!last) return failure(last.error());
  if (*last == 0) return 0;
  // The event at or below a number; numbers that a gap names have none.
  auto below =
      database.prepare("SELECT seq, at_us FROM event WHERE seq <= ? ORDER BY seq DESC LIMIT 1");
  if (!below) return failure(below.error());
  std::int64_t low = *first - 1;  // is not later than the time
  std::int64_t high = *last + 1;  // is later
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    below->start(middle);
    const auto row = below->step();
    if (!row) return failure(row.error());
    if (!*row) return fail(ErrorCode::kUnavailable, reader.path() + " was pruned meanwhile.");
    if (below->integer(1) <= time_us)
      low = middle;
    else
      high = std::max(below->integer(0), low + 1);
  }
  return low < *first ? 0 : low;
}

Result<std::int64_t> time_at(Reader& reader, std::int64_t seq) {
  auto row =
      reader.database().prepare("SELECT at_us FROM event WHERE seq <= ? ORDER BY seq DESC LIMIT 1");
  if (!row) return tl::unexpected(reading_error(reader.path(), row.error()));
  row->start(seq);
  const auto found = row->step();
  if (!found) return tl::unexpected(reading_error(reader.path(), found.error()));
  return *found ? row->integer(0) : 0;
}

Result<std::int64_t> first_seq_of_run(Reader& reader, std::int64_t run_no) {
  auto row = reader.database().prepare("SELECT first_seq FROM run WHERE run_no = ?");
  if (!row) return tl::unexpected(reading_error(reader.path(), row.error()));
  row->start(run_no);
  const auto found = row->step();
  if (!found) return tl::unexpected(reading_error(reader.path(), found.error()));
  if (!*found)
    return fail(ErrorCode::kNotFound,
                reader.path() + " has no run " + std::to_string(run_no) + "; `runs` lists them.");
  return row->integer(0);
}

Result<void> copy_to(Reader& reader, const std::string& path) {
  auto copy = reader.database().prepare("VACUUM INTO ?");
  if (!copy) return tl::unexpected(reading_error(reader.path(), copy.error()));
  if (auto done = copy->run(std::string_view(path)); !done)
    return fail(ErrorCode::kUnavailable, path + " cannot be written: " + done.error().message);
  return {};
}

}  // namespace throttle::journal
