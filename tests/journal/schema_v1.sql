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
