// Leases and waits as intervals. An end row carries its own beginning, so each that has ended is
// one row; those that are open are in `live`.
#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/queries.h"
#include "libthrottle/journal/queries_text.h"
#include "libthrottle/journal/schema.h"

namespace throttle::journal {

namespace {

constexpr auto kGranted = static_cast<std::int64_t>(Kind::kGranted);
constexpr auto kMissed = static_cast<std::int64_t>(Kind::kMissed);
constexpr auto kWaitEnded = static_cast<std::int64_t>(Kind::kWaitEnded);

bool is_beginning_of_wait(std::int64_t kind_no) {
  return kind_no == static_cast<std::int64_t>(Kind::kQueued) ||
         kind_no == static_cast<std::int64_t>(Kind::kFoundWaiting);
}

// Columns: kind, semaphore, peer, client, port, label, count, since_seq, at, span, cause, and of a
// `missed` the kind and time of its beginning.
Interval ended_interval(const Statement& row) {
  const std::int64_t kind = row.integer(0);
  Interval interval;
  interval.waits = kind == kGranted || kind == kWaitEnded ||
                   (kind == kMissed && is_beginning_of_wait(row.integer(11)));
  interval.semaphore = row.text(1);
  interval.peer = row.integer(2);
  interval.client = with_port(row.text(3), row.optional_integer(4));
  interval.label = row.text(5);
  interval.count = row.integer(6);
  interval.since_seq = row.integer(7);
  interval.to_us = row.integer(8);
  // The end of what was missed is unknown; its row comes later.
  interval.span_us =
      kind == kMissed && !row.is_null(12) ? row.integer(8) - row.integer(12) : row.integer(9);
  interval.from_us = row.integer(8) - interval.span_us;
  interval.ended_by = cause_name(row.integer(10));
  if (kind == kGranted) interval.ended_by = "granted";
  if (kind == kMissed) interval.ended_by = "missed";
  return interval;
}

// Columns: kind, semaphore, peer, client, port, label, count, since_seq, since, last commit, token.
Interval open_interval(const Statement& row) {
  Interval interval;
  interval.waits = is_beginning_of_wait(row.integer(0));
  interval.semaphore = row.text(1);
  interval.peer = row.integer(2);
  interval.client = with_port(row.text(3), row.optional_integer(4));
  interval.label = row.text(5);
  interval.count = row.integer(6);
  interval.since_seq = row.integer(7);
  interval.from_us = row.integer(8);
  interval.span_us = row.integer(9) - row.integer(8);
  interval.token = row.integer(10);
  return interval;
}

constexpr Sql kOpen =
    "SELECT l.kind_no, s.name, p.id, p.client, p.port, p.label, l.count, l.since_seq, l.since_us,"
    " (SELECT committed_us FROM batch ORDER BY batch_no DESC LIMIT 1), ifnull(l.token, 0)"
    " FROM live l"
    " JOIN semaphore s ON s.semaphore_no = l.semaphore_no"
    " LEFT JOIN peer p ON p.peer_no = l.peer_no"
    " WHERE l.since_seq <= ? ORDER BY l.since_seq";

constexpr Sql kEnded =
    "SELECT e.kind_no, s.name, p.id, p.client, p.port, p.label, e.count, e.since_seq, e.at_us,"
    " e.span_us, e.cause_no, b.kind_no, b.at_us - ifnull(b.span_us * (b.kind_no IN (31, 33)), 0)"
    " FROM event e"
    " JOIN semaphore s ON s.semaphore_no = e.semaphore_no"
    " LEFT JOIN peer p ON p.peer_no = e.peer_no"
    " LEFT JOIN event b ON e.kind_no = 32 AND b.seq = e.since_seq"
    " WHERE e.seq > ?1 AND e.seq <= ?2 AND e.since_seq <= ?3 AND e.kind_no IN (2, 3, 4, 32)"
    " ORDER BY e.seq";

constexpr std::int64_t kSliceNumbers = 100'000;

template <typename Visit>
Result<void> each_row(const Reader& reader, Statement& rows, Visit visit) {
  for (;;) {
    const auto row = rows.step();
    if (!row) return tl::unexpected(reading_error(reader.path(), row.error()));
    if (!*row) return {};
    visit(rows);
  }
}

// Those that ended within a range, and began up to a number.
struct EndedIn {
  SeqRange range;
  std::int64_t began = 0;
};

// Visits them, then calls `at_end`. Each slice is a transaction of its own, and at_end() runs in
// that which finds no more events: so it sees the commit of the last one, and whatever ended is in
// exactly one of both.
template <typename Visit, typename AtEnd>
Result<void> each_ended(Reader& reader, const EndedIn& asked, Visit visit, AtEnd at_end) {
  const SeqRange range = asked.range;
  Database& database = reader.database();
  const auto failure = [&reader](const SqlError& error) {
    return tl::unexpected(reading_error(reader.path(), error));
  };
  auto next =
      database.prepare("SELECT seq FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT 1");
  if (!next) return failure(next.error());
  auto ended = database.prepare(kEnded);
  if (!ended) return failure(ended.error());
  // Absent: there is no more.
  const auto read_slice = [&](std::int64_t after) -> Result<std::optional<std::int64_t>> {
    next->start(after, range.last);
    const auto row = next->step();
    if (!row) return failure(row.error());
    if (!*row) {
      if (auto done = at_end(); !done) return tl::unexpected(done.error());
      return std::nullopt;
    }
    const std::int64_t first = next->integer(0);
    const std::int64_t last = std::min(range.last - first, kSliceNumbers - 1) + first;
    ended->start(first - 1, last, asked.began);
    auto done = each_row(reader, *ended,
                         [&visit](const Statement& found) { visit(ended_interval(found)); });
    if (!done) return tl::unexpected(done.error());
    return last;
  };
  for (std::optional<std::int64_t> after = range.after; after;) {
    if (auto begun = database.execute("BEGIN"); !begun) return failure(begun.error());
    const auto slice = read_slice(*after);
    next->reset();
    ended->reset();
    static_cast<void>(database.execute("COMMIT"));
    if (!slice) return tl::unexpected(slice.error());
    after = *slice;
  }
  return {};
}

// Those that began up to `began`.
template <typename Visit>
Result<void> each_open(Reader& reader, std::int64_t began, Visit visit) {
  auto open = reader.database().prepare(kOpen);
  if (!open) return tl::unexpected(reading_error(reader.path(), open.error()));
  open->start(began);
  return each_row(reader, *open, [&visit](const Statement& row) { visit(open_interval(row)); });
}

}  // namespace

Result<std::vector<Interval>> open_after(Reader& reader, std::int64_t seq) {
  std::vector<Interval> found;
  if (seq <= 0) return found;  // the first number is 1
  const auto add = [&found](Interval interval) { found.push_back(std::move(interval)); };
  auto done =
      each_ended(reader, {{.after = seq}, seq}, add, [&] { return each_open(reader, seq, add); });
  if (!done) return tl::unexpected(done.error());
  std::ranges::sort(found, [](const Interval& one, const Interval& other) {
    return std::tie(one.semaphore, one.waits, one.since_seq) <
           std::tie(other.semaphore, other.waits, other.since_seq);
  });
  return found;
}

Result<void> visit_intervals(Reader& reader, SeqRange range, Sort sort,
                             const std::function<void(const Interval&)>& visit) {
  THROTTLE_CHECK(range.after <= range.last);
  const auto show = [&visit, sort](const Interval& interval) {
    if (interval.waits == (sort == Sort::kWaits)) visit(interval);
  };
  return each_ended(reader, {range, INT64_MAX}, show, [&]() -> Result<void> {
    if (range.last != INT64_MAX) return {};
    return each_open(reader, INT64_MAX, show);
  });
}

Result<void> visit_refusals(Reader& reader, const std::function<void(const RefusalText&)>& visit) {
  auto rows = reader.database().prepare(
      "SELECT r.from_us, r.to_us, s.name, x.name, r.reason, r.count, r.last_client"
      " FROM refusal r LEFT JOIN semaphore s ON s.semaphore_no = r.semaphore_no"
      " LEFT JOIN proxy x ON x.proxy_no = r.proxy_no ORDER BY r.refusal_no");
  if (!rows) return tl::unexpected(reading_error(reader.path(), rows.error()));
  rows->start();
  return each_row(reader, *rows, [&visit](const Statement& row) {
    visit({row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.integer(5),
           row.text(6)});
  });
}

}  // namespace throttle::journal
