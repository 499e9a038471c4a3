// The text of the schema. tests/journal/schema_test.cc holds the same text as SQLite prints it, so
// a change of a table is always deliberate, and comes with a new version.
//
// No secondary index, on purpose: an index on semaphore or peer makes writing several times dearer,
// and a scan of ten million rows takes about a second.
#include "libthrottle/journal/schema.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <system_error>

namespace throttle::journal {

namespace {

// Effective only before the first table.
constexpr Sql kPragmas =
    "PRAGMA page_size = 4096;"
    "PRAGMA auto_vacuum = INCREMENTAL;";

constexpr Sql kTables = R"sql(
CREATE TABLE journal(
  journal_no INTEGER PRIMARY KEY CHECK (journal_no = 1),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  pruned_seq INTEGER NOT NULL,
  pruned_batch_no INTEGER NOT NULL,
  pruned_hash BLOB NOT NULL
) STRICT;
CREATE TABLE run(
  run_no INTEGER PRIMARY KEY,
  id INTEGER NOT NULL,
  tool TEXT NOT NULL,
  version TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started_us INTEGER NOT NULL,
  first_seq INTEGER NOT NULL
) STRICT;
CREATE TABLE semaphore(
  semaphore_no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  pruned_full INTEGER,
  pruned_level INTEGER,
  pruned_order TEXT,
  pruned_paused INTEGER
) STRICT;
CREATE TABLE proxy(
  proxy_no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE kind(
  kind_no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE cause(
  cause_no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE peer(
  peer_no INTEGER PRIMARY KEY,
  run_no INTEGER NOT NULL REFERENCES run(run_no),
  id INTEGER NOT NULL,
  proxy_no INTEGER REFERENCES proxy(proxy_no),
  client TEXT,
  port INTEGER,
  label TEXT
) STRICT;
CREATE TABLE event(
  seq INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  kind_no INTEGER NOT NULL REFERENCES kind(kind_no),
  semaphore_no INTEGER REFERENCES semaphore(semaphore_no),
  peer_no INTEGER REFERENCES peer(peer_no),
  count INTEGER,
  cause_no INTEGER REFERENCES cause(cause_no),
  span_us INTEGER,
  since_seq INTEGER,
  token INTEGER,
  excess INTEGER,
  slots TEXT
) STRICT;
CREATE TABLE detail(
  seq INTEGER PRIMARY KEY,
  json TEXT NOT NULL
) STRICT;
CREATE TABLE connection(
  connection_no INTEGER PRIMARY KEY,
  ended_us INTEGER NOT NULL,
  peer_no INTEGER REFERENCES peer(peer_no),
  proxy_no INTEGER NOT NULL REFERENCES proxy(proxy_no),
  upstream TEXT NOT NULL,
  waited_us INTEGER,
  prepared_us INTEGER,
  connected_us INTEGER,
  total_us INTEGER NOT NULL,
  bytes_up INTEGER NOT NULL,
  bytes_down INTEGER NOT NULL,
  ended_by TEXT NOT NULL,
  phase TEXT NOT NULL,
  position INTEGER NOT NULL,
  reason TEXT
) STRICT;
CREATE TABLE refusal(
  refusal_no INTEGER PRIMARY KEY,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  semaphore_no INTEGER REFERENCES semaphore(semaphore_no),
  proxy_no INTEGER REFERENCES proxy(proxy_no),
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  last_client TEXT
) STRICT;
CREATE TABLE live(
  since_seq INTEGER PRIMARY KEY,
  kind_no INTEGER NOT NULL REFERENCES kind(kind_no),
  since_us INTEGER NOT NULL,
  semaphore_no INTEGER NOT NULL REFERENCES semaphore(semaphore_no),
  peer_no INTEGER NOT NULL REFERENCES peer(peer_no),
  count INTEGER NOT NULL,
  token INTEGER,
  slots TEXT
) STRICT;
CREATE TABLE batch(
  batch_no INTEGER PRIMARY KEY,
  run_no INTEGER NOT NULL REFERENCES run(run_no),
  last_seq INTEGER NOT NULL,
  last_peer_no INTEGER NOT NULL,
  last_connection_no INTEGER NOT NULL,
  last_refusal_no INTEGER NOT NULL,
  committed_us INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
PRAGMA application_id = 0x5468724A;
PRAGMA user_version = 1;
)sql";

constexpr Sql kDropViews = R"sql(
DROP VIEW IF EXISTS lease;
DROP VIEW IF EXISTS wait;
DROP VIEW IF EXISTS holder;
DROP VIEW IF EXISTS waiter;
DROP VIEW IF EXISTS event_text;
DROP VIEW IF EXISTS run_text;
DROP VIEW IF EXISTS overcommit;
)sql";

// Leases: ended ones from their end row, open ones from `live`, as of the last commit.
constexpr Sql kLeaseView = R"sql(
CREATE VIEW lease AS
SELECT e.since_seq AS since_seq, s.name AS semaphore, printf('%llu', p.id) AS peer,
       p.client AS client, p.label AS label, e.count AS count,
       e.at_us - e.span_us AS from_us, e.at_us AS to_us,
       strftime('%Y-%m-%dT%H:%M:%fZ', (e.at_us - e.span_us) / 1e6, 'unixepoch') AS "from",
       strftime('%Y-%m-%dT%H:%M:%fZ', e.at_us / 1e6, 'unixepoch') AS "to",
       e.span_us AS held_us, c.name AS ended_by
FROM event e JOIN semaphore s ON s.semaphore_no = e.semaphore_no
     LEFT JOIN peer p ON p.peer_no = e.peer_no LEFT JOIN cause c ON c.cause_no = e.cause_no
WHERE e.kind_no = 4
UNION ALL
SELECT l.since_seq, s.name, printf('%llu', p.id), p.client, p.label, l.count, l.since_us, NULL,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.since_us / 1e6, 'unixepoch'), NULL,
       (SELECT committed_us FROM batch ORDER BY batch_no DESC LIMIT 1) - l.since_us, NULL
FROM live l JOIN semaphore s ON s.semaphore_no = l.semaphore_no
     LEFT JOIN peer p ON p.peer_no = l.peer_no
WHERE l.kind_no IN (2, 5, 31);
)sql";

// Waits: ended with a grant (that waited) or without a lease, and open ones.
constexpr Sql kWaitView = R"sql(
CREATE VIEW wait AS
SELECT e.since_seq AS since_seq, s.name AS semaphore, printf('%llu', p.id) AS peer,
       p.client AS client, p.label AS label, e.count AS count,
       e.at_us - e.span_us AS from_us, e.at_us AS to_us,
       strftime('%Y-%m-%dT%H:%M:%fZ', (e.at_us - e.span_us) / 1e6, 'unixepoch') AS "from",
       strftime('%Y-%m-%dT%H:%M:%fZ', e.at_us / 1e6, 'unixepoch') AS "to",
       e.span_us AS waited_us, CASE e.kind_no WHEN 2 THEN 'granted' ELSE c.name END AS ended_by
FROM event e JOIN semaphore s ON s.semaphore_no = e.semaphore_no
     LEFT JOIN peer p ON p.peer_no = e.peer_no LEFT JOIN cause c ON c.cause_no = e.cause_no
WHERE e.kind_no = 3 OR (e.kind_no = 2 AND e.since_seq IS NOT NULL)
UNION ALL
SELECT l.since_seq, s.name, printf('%llu', p.id), p.client, p.label, l.count, l.since_us, NULL,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.since_us / 1e6, 'unixepoch'), NULL,
       (SELECT committed_us FROM batch ORDER BY batch_no DESC LIMIT 1) - l.since_us, NULL
FROM live l JOIN semaphore s ON s.semaphore_no = l.semaphore_no
     LEFT JOIN peer p ON p.peer_no = l.peer_no
WHERE l.kind_no IN (1, 33);
)sql";

constexpr Sql kOtherViews = R"sql(
CREATE VIEW holder AS
SELECT semaphore, peer, client, label, count, from_us, "from", held_us FROM lease
WHERE to_us IS NULL;
CREATE VIEW waiter AS
SELECT semaphore, peer, client, label, count, from_us, "from", waited_us FROM wait
WHERE to_us IS NULL;
CREATE VIEW event_text AS
SELECT e.seq AS seq, strftime('%Y-%m-%dT%H:%M:%fZ', e.at_us / 1e6, 'unixepoch') AS at,
       k.name AS kind, s.name AS semaphore,
       CASE WHEN p.id IS NULL THEN NULL ELSE printf('%llu', p.id) END AS peer,
       p.client AS client, p.port AS port, p.label AS label, e.count AS count, c.name AS cause,
       e.span_us AS span_us, e.since_seq AS since_seq, e.token AS token, e.excess AS excess,
       e.slots AS slots, d.json AS detail
FROM event e JOIN kind k ON k.kind_no = e.kind_no
     LEFT JOIN semaphore s ON s.semaphore_no = e.semaphore_no
     LEFT JOIN peer p ON p.peer_no = e.peer_no LEFT JOIN cause c ON c.cause_no = e.cause_no
     LEFT JOIN detail d ON d.seq = e.seq;
CREATE VIEW run_text AS
SELECT r.run_no AS run_no, r.id AS id, r.tool AS tool, r.version AS version, r.host AS host,
       r.pid AS pid, strftime('%Y-%m-%dT%H:%M:%fZ', r.started_us / 1e6, 'unixepoch') AS started,
       r.first_seq AS first_seq,
       (SELECT max(b.last_seq) FROM batch b WHERE b.run_no = r.run_no) AS last_seq,
       (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', max(b.committed_us) / 1e6, 'unixepoch')
        FROM batch b WHERE b.run_no = r.run_no) AS last_commit
FROM run r;
CREATE VIEW overcommit AS
SELECT e.seq AS seq, strftime('%Y-%m-%dT%H:%M:%fZ', e.at_us / 1e6, 'unixepoch') AS at,
       k.name AS kind, s.name AS semaphore, printf('%llu', p.id) AS peer, p.client AS client,
       p.label AS label, e.count AS count, e.excess AS excess
FROM event e JOIN kind k ON k.kind_no = e.kind_no
     JOIN semaphore s ON s.semaphore_no = e.semaphore_no LEFT JOIN peer p ON p.peer_no = e.peer_no
WHERE e.kind_no = 6 OR (e.kind_no = 5 AND e.excess > 0);
)sql";

template <std::size_t size>
std::string_view name_of(const std::array<Word, size>& words, std::int64_t number) {
  for (const Word& word : words) {
    if (word.number == number) return word.name;
  }
  return {};
}

template <std::size_t size>
SqlResult<void> insert_words(Database& database, Sql sql, const std::array<Word, size>& words) {
  auto insert = database.prepare(sql);
  if (!insert) return tl::unexpected(insert.error());
  for (const Word& word : words) {
    if (auto done = insert->run(word.number, word.name); !done) return done;
  }
  return {};
}

SqlResult<void> fill_schema(Database& database, std::string_view id, std::string_view name,
                            std::int64_t created_us) {
  if (auto done = database.execute(kTables); !done) return done;
  auto done = insert_words(database, "INSERT INTO kind VALUES (?, ?)", kKindWords);
  if (!done) return done;
  done = insert_words(database, "INSERT INTO cause VALUES (?, ?)", kCauseWords);
  if (!done) return done;
  auto insert = database.prepare("INSERT INTO journal VALUES (1, ?, ?, ?, 0, 0, ?)");
  if (!insert) return tl::unexpected(insert.error());
  const Hash hash = first_hash(id);
  return insert->run(id, name, created_us, Blob(hash));
}

// Ends a transaction that went wrong, and hands its error on.
SqlResult<void> roll_back(Database& database, SqlResult<void> failure) {
  if (!database.is_idle()) static_cast<void>(database.execute("ROLLBACK"));
  return failure;
}

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
         std::uint32_t{bytes[2]} << 8U | std::uint32_t{bytes[3]};
}

}  // namespace

std::string_view kind_name(std::int64_t number) {
  return name_of(kKindWords, number);
}

std::string_view cause_name(std::int64_t number) {
  return name_of(kCauseWords, number);
}

SqlResult<void> create_schema(Database& database, std::string_view id, std::string_view name,
                              std::int64_t created_us) {
  if (auto done = database.execute(kPragmas); !done) return done;
  if (auto done = database.execute("BEGIN IMMEDIATE"); !done) return done;
  if (auto done = fill_schema(database, id, name, created_us); !done)
    return roll_back(database, done);
  if (auto done = database.execute("COMMIT"); !done) return roll_back(database, done);
  return {};
}

SqlResult<void> make_views(Database& database) {
  if (auto done = database.execute("BEGIN IMMEDIATE"); !done) return done;
  for (const Sql sql : {kDropViews, kLeaseView, kWaitView, kOtherViews}) {
    if (auto done = database.execute(sql); !done) return roll_back(database, done);
  }
  if (auto done = database.execute("COMMIT"); !done) return roll_back(database, done);
  return {};
}

FileKind identify(const std::string& path) {
  constexpr std::size_t kVersionAt = 60;
  constexpr std::size_t kApplicationAt = 68;
  std::array<unsigned char, kApplicationAt + 4> header{};
  // The path is UTF-8 on every system.
  const std::filesystem::path name(std::u8string(path.begin(), path.end()));
  std::error_code error;
  const auto status = std::filesystem::status(name, error);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  if (error) return {FileKind::Is::kUnreadable, 0, error.message()};
  std::ifstream file(name, std::ios::binary);
  if (!file) return {FileKind::Is::kUnreadable, 0, "it cannot be opened for reading"};
  file.read(reinterpret_cast<char*>(header.data()), static_cast<std::streamsize>(header.size()));
  if (file.bad()) return {FileKind::Is::kUnreadable, 0, "it cannot be read"};
  const auto read = static_cast<std::size_t>(file.gcount());
  if (read == 0) return {FileKind::Is::kEmpty, 0, {}};
  if (read < header.size() || big_endian(header.data() + kApplicationAt) != kApplicationId)
    return {FileKind::Is::kForeign, 0, {}};
  return {FileKind::Is::kJournal, big_endian(header.data() + kVersionAt), {}};
}

std::string draw_journal_id() {
  std::random_device device;
  std::array<std::uint8_t, 16> bytes{};
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(device());
  return to_hex(bytes);
}

}  // namespace throttle::journal
