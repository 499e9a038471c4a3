// What a server says of itself, as values: the pages /leases, /connections and /metrics.
// Threads: values; reading asks the server.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/inspect/server.h"

namespace throttle::inspect {

// A lease, or a request that waits.
struct LiveEntry {
  std::uint64_t peer = 0;
  std::int64_t count = 0;
  std::string client;
  std::string label;
  std::int64_t span_us = 0;                   // held, or waited
  std::optional<std::int64_t> expires_in_us;  // absent: never
  std::int64_t place = 0;                     // of one that waits
};

struct LiveSemaphore {
  std::string name;
  std::int64_t full = 0;
  std::string order;               // empty: the server does not say
  std::string paused;              // why; empty: it is not
  std::vector<LiveEntry> held;     // the longest first
  std::vector<LiveEntry> waiting;  // the next one first

  std::int64_t held_count() const;
  std::int64_t longest_wait_us() const;
};

// All semaphores, or only one; empty if that is unknown.
Result<std::vector<LiveSemaphore>> read_leases(Server& server, std::string_view only = {});

struct LiveConnection {
  std::string proxy;
  std::string client;
  std::string state;
  std::int64_t age_us = 0;
  std::int64_t in_state_us = 0;
  std::int64_t bytes_up = 0;
  std::int64_t bytes_down = 0;
  std::optional<std::int64_t> peer;
  std::optional<std::int64_t> place;
};
struct LiveProxies {
  std::vector<std::string> names;
  std::vector<LiveConnection> connections;
};
Result<LiveProxies> read_connections(Server& server);

// The samples of /metrics by their line up to the value: `throttle_paused{semaphore="A"}`.
using Samples = std::map<std::string, double, std::less<>>;
Samples parse_metrics(std::string_view text);
// NAME{semaphore="…"}, or NAME{semaphore="…",cause="…"} if the cause is not empty; absent if there
// is none.
std::optional<double> sample_of(const Samples& samples, std::string_view name,
                                std::string_view semaphore, std::string_view cause = {});

// What the page /journal says.
struct LiveJournal {
  std::string path;
  std::string id;  // of the file; empty before it was first open
  std::uint64_t run = 0;
  bool up = false;
  bool pausing = false;
  std::int64_t lag_us = 0;
  std::int64_t recorded = 0;   // events of this run
  std::int64_t committed = 0;  // of these, in the file
  std::string last_error;
};
// Error kNotFound: this server writes none.
Result<LiveJournal> read_journal(Server& server);

}  // namespace throttle::inspect
