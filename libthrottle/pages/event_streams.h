// The streams of GET /events: server-sent events (WHATWG HTML, 9.2) that a client follows, and
// resumes after its connection was lost.
//
//   retry: 2000                     first, then an event `hello`, then the events of the ledger:
//
//   id: 6654674037206022.91
//   event: granted
//   data: {"n": 91, "at": "…", "semaphore": "database", "peer": 17, …}
//
// An id is RUN.N. A client that names one, in the header Last-Event-ID or as `since=`, gets what
// came after it; one that names none begins now. What cannot be given any more is said by an event
// `gap`: the id is of another run, or older than the backlog, or the client read too slowly. Blocks
// of an id alone move the id of the client on where events are filtered out. After keep_alive of
// silence a comment follows, and `bye` when the process stops.
//
// A stream is a cursor into the backlog and one piece that is on its way, so a slow client costs
// nobody anything. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/result.h"
#include "libthrottle/http/router.h"
#include "libthrottle/pages/event_backlog.h"
#include "libthrottle/pages/settings.h"
#include "libthrottle/telemetry/exposition.h"

namespace throttle::pages {

class EventStreams {
 public:
  // `backlog` and `ledger` outlive it. `server` is what the process calls itself in `hello`.
  EventStreams(const EventBacklog& backlog, const LeaseLedger& ledger, EventSettings settings,
               std::string server);
  // No stream is open.
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  // The answer of GET /events: the stream; 400 for a query that is unusable; 503 where max_streams
  // are open, or after stop(). `wall_us` is the time in µs since 1970.
  http::Response open(const http::Call& call, std::int64_t wall_us);

  // Calls `resume` with the exchange of each stream that has something to write.
  void wake(TimePoint now, const std::function<void(http::ExchangeId)>& resume);
  // When a stream next has a comment to write; kNever if none is open. A stream that was woken for
  // one and could not write it, because its client does not read, is next woken after keep_alive.
  TimePoint next_comment() const;
  // From now on each stream ends when it has written what there is.
  void stop() { stopping_ = true; }

  void write_metrics(telemetry::Exposition& page) const;

 private:
  class Stream;
  struct Filter;
  struct Begin;

  Result<Filter> read_query(const http::Request& request, std::string& since) const;
  Result<Begin> begin_at(std::string_view id) const;

  const EventBacklog& backlog_;
  const LeaseLedger& ledger_;
  const EventSettings settings_;
  const std::string server_;
  std::vector<Stream*> open_;
  bool stopping_ = false;
  std::uint64_t opened_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace throttle::pages
