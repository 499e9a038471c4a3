// The rows of one batch, as the bookkeeper makes them and the store writes them: a field a column,
// in the table's order. An absent value is NULL. Threads: values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace throttle::journal {

using Integer = std::int64_t;
using MaybeInteger = std::optional<std::int64_t>;
using MaybeText = std::optional<std::string>;

struct RunRow {
  Integer run_no = 0;
  Integer id = 0;
  std::string tool;
  std::string version;
  std::string host;
  Integer pid = 0;
  Integer started_us = 0;
  Integer first_seq = 0;
};

struct NameRow {  // of semaphore and proxy
  Integer number = 0;
  std::string name;
};

struct PeerRow {
  Integer peer_no = 0;
  Integer run_no = 0;
  Integer id = 0;  // the 64 bits as they are
  MaybeInteger proxy_no;
  MaybeText client;
  MaybeInteger port;
  MaybeText label;
};

struct EventRow {
  Integer seq = 0;
  Integer at_us = 0;
  Integer kind_no = 0;
  MaybeInteger semaphore_no;
  MaybeInteger peer_no;
  MaybeInteger count;
  MaybeInteger cause_no;
  MaybeInteger span_us;
  MaybeInteger since_seq;
  MaybeInteger token;
  MaybeInteger excess;  // slots: nothing has any yet
};

struct DetailRow {
  Integer seq = 0;
  std::string json;
};

struct ConnectionRow {
  Integer connection_no = 0;
  Integer ended_us = 0;
  MaybeInteger peer_no;
  Integer proxy_no = 0;
  std::string upstream;
  MaybeInteger waited_us;
  MaybeInteger prepared_us;
  MaybeInteger connected_us;
  Integer total_us = 0;
  Integer bytes_up = 0;
  Integer bytes_down = 0;
  std::string ended_by;
  std::string phase;
  Integer position = 0;
  MaybeText reason;
};

struct RefusalRow {
  Integer refusal_no = 0;
  Integer from_us = 0;
  Integer to_us = 0;
  MaybeInteger semaphore_no;
  MaybeInteger proxy_no;
  std::string reason;
  Integer count = 0;
  MaybeText last_client;
};

struct LiveRow {
  Integer since_seq = 0;
  Integer kind_no = 0;
  Integer since_us = 0;
  Integer semaphore_no = 0;
  Integer peer_no = 0;
  Integer count = 0;
  MaybeInteger token;
};

// The last numbers given out in a file: where the next batch goes on.
struct Numbers {
  Integer run_no = 0;
  Integer batch_no = 0;
  Integer seq = 0;
  Integer peer_no = 0;
  Integer connection_no = 0;
  Integer refusal_no = 0;
  Integer semaphore_no = 0;
  Integer proxy_no = 0;
};

struct Rows {
  std::optional<RunRow> run;  // with the first batch of a run
  std::vector<NameRow> semaphores;
  std::vector<NameRow> proxies;
  std::vector<PeerRow> peers;
  std::vector<EventRow> events;
  std::vector<DetailRow> details;
  std::vector<ConnectionRow> connections;
  std::vector<RefusalRow> refusals;
  std::vector<LiveRow> opened;  // still open at the end of the batch
  std::vector<Integer> closed;  // since_seq of rows of `live` that an earlier batch wrote
  Numbers last;                 // after the batch

  bool empty() const {
    return !run && peers.empty() && events.empty() && connections.empty() && refusals.empty();
  }
};

}  // namespace throttle::journal
