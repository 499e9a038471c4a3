// The latest events of this life of the process: one ring for all streams of GET /events, each of
// which is a number in it.
//
// Idea. An event is numbered from 1, without holes, and copied; it becomes text only when a stream
// writes it. So events cost some tens of nanoseconds while nobody reads them, and a stream that
// falls behind costs nothing: it is overtaken, and notices that by the numbers.
//
// The numbers are those of the journal's recorder, if the process has a journal: what is added
// here is what that numbers, in the same order. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/core/ledger_event.h"
#include "libthrottle/journal/schema.h"
#include "libthrottle/lease/lease_door.h"

namespace throttle::pages {

class EventBacklog {
 public:
  using Number = std::uint64_t;

  struct Event {
    journal::Kind kind = journal::Kind::kNote;
    std::int64_t at_us = 0;  // since 1970
    LedgerEvent what = {};   // of other kinds than the ledger's: peer, client and semaphore only
    std::string more = {};   // further members of its JSON object: `"by": "ann"`
  };

  struct Options {
    std::uint64_t run = 0;       // names this life of the process
    std::size_t capacity = 1;    // events that are kept
    TimePoint started = {};      // of the ledger
    TimePoint grants_from = {};  // the end of its startup grace
  };

  // `ledger`, which knows the names of semaphores, outlives it.
  EventBacklog(const LeaseLedger& ledger, const Options& options);

  // The wall clock at an instant, for the events that follow. Once it has been set, what differs
  // by no more than a second is ignored, so that the clock of the events does not jitter.
  void set_clock(TimePoint now, std::int64_t wall_us);

  // All events since the last call, in order. Peers that come and go and refusals are no events of
  // the stream.
  void observe(std::span<const LedgerEvent> events);
  // An operator ends what a peer has, before the ledger does.
  void add(const lease::Kick& kick);
  // Something besides the ledger's events.
  void add(journal::Kind kind, TimePoint at, std::string more = {});

  std::uint64_t run() const { return options_.run; }
  // 0 while there is none.
  Number newest() const { return newest_; }
  // The oldest that is kept; newest() + 1 while there is none.
  Number oldest() const { return newest_ + 1 - events_.size(); }
  // `number` is kept.
  const Event& at(Number number) const;

  // "RUN.N".
  void append_id(std::string& out, Number number) const;
  // The event as a block of server-sent events. `number` is kept.
  void append_block(std::string& out, Number number) const;

 private:
  void add_plain(const LedgerEvent& event);
  void put(Event event);
  void append_members(std::string& out, const Event& event) const;
  void append_ledger_members(std::string& out, const LedgerEvent& event) const;

  const LeaseLedger& ledger_;
  const Options options_;
  std::vector<Event> events_;  // number N is at (N - 1) % capacity
  Number newest_ = 0;
  bool in_grace_;
  bool has_clock_ = false;
  TimePoint clock_at_;
  std::int64_t clock_us_ = 0;
};

}  // namespace throttle::pages
