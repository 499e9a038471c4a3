// The bookkeeper's beginnings and ends: files that are opened, gaps and their catch-up, steps of
// the clock, the stop.
//
// A file that is opened has leases and waits of its last run in `live`, which nobody will end: they
// are closed as lost, before anything of this run. A gap leaves the bookkeeper with beginnings that
// may have ended and without beginnings that are open. Each gap starts a generation; what is open
// from an older one is unconfirmed. The loop then walks the ledger and sends what it finds; the end
// of the walk turns every unconfirmed beginning into `missed`.
#include <algorithm>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/bookkeeper.h"
#include "libthrottle/journal/details.h"

namespace throttle::journal {

void Bookkeeper::open_file(const Continuation& file, MaybeInteger missing) {
  const bool in_mid_run = has_file_;
  THROTTLE_CHECK(!has_file_ || rows_.empty());
  has_file_ = true;
  rows_ = {};
  last_ = file.last;
  last_us_ = std::max(last_us_, file.latest_us);
  semaphore_numbers_.clear();
  proxy_numbers_.clear();
  for (const NameRow& row : file.semaphores)
    semaphore_numbers_[row.name] = row.number;
  for (const NameRow& row : file.proxies)
    proxy_numbers_[row.name] = row.number;
  for (SemaphoreSlot& slot : semaphores_)
    slot.number = 0;
  ++last_.run_no;
  rows_.run = RunRow{last_.run_no,   static_cast<Integer>(run_.id),
                     run_.tool,      run_.version,
                     run_.host,      run_.pid,
                     start_.wall_us, last_.seq + 1};
  close_lost(file);
  last_us_ = in_mid_run ? last_us_ : std::max(start_.wall_us, last_us_);
  add_event_us(Kind::kStarted, in_mid_run ? to_wall_us(last_at_) : start_.wall_us);
  if (in_mid_run) begin_in_mid_run(missing);
}

void Bookkeeper::close_lost(const Continuation& file) {
  for (const LiveRow& live : file.live) {
    const auto kind = static_cast<Kind>(live.kind_no);
    EventRow& row =
        add_event_us(is_wait(kind) ? Kind::kWaitEnded : Kind::kLeaseEnded, file.latest_us);
    row.semaphore_no = live.semaphore_no;
    row.peer_no = live.peer_no;
    row.count = live.count;
    row.cause_no = static_cast<Integer>(EndCause::kLost);
    row.span_us = std::max<Integer>(0, row.at_us - live.since_us);
    row.since_seq = live.since_seq;
    row.token = live.token;
    rows_.closed.push_back(live.since_seq);
  }
}

// The old file is gone: nothing of it counts here, but what is open is known.
void Bookkeeper::begin_in_mid_run(MaybeInteger missing) {
  for (SemaphoreIndex i = 0; i < semaphores_.size(); ++i) {
    if (semaphores_[i].configured) add_configured(last_at_, i);
    if (semaphores_[i].paused)
      add_event(Kind::kPaused, last_at_).semaphore_no = semaphore_number(i);
  }
  if (all_paused_) add_event(Kind::kPaused, last_at_);
  EventRow& gap = add_event(Kind::kGap, last_at_);
  gap.count = missing;
  add_detail(gap_json({.why = "the file was replaced", .by_kind = {}}));
  const Integer gap_seq = last_.seq;
  peer_places_.visit([this](const PeerPlace& place) { peers_[place.slot].peer_no = 0; });
  fresh_.clear();
  for (const OpenSlot slot : all_open()) {
    const std::uint32_t generation = opens_[slot].generation;
    add_found(slot, last_at_);
    if (gap_seq_ != 0) opens_[slot].generation = generation;  // the walk has yet to find it
  }
  // A walk over the ledger that is under way ends this gap too.
  if (gap_seq_ != 0)
    gap_seq_ = gap_seq;
  else
    add_event(Kind::kGapClosed, last_at_).since_seq = gap_seq;
}

// A row for what was found open; from now on that is its beginning.
void Bookkeeper::add_found(OpenSlot slot, TimePoint at) {
  Open& open = opens_[slot];
  const bool waits = is_wait(open.kind);
  EventRow& row = add_event(waits ? Kind::kFoundWaiting : Kind::kFound, at);
  row.semaphore_no = semaphore_number(open.semaphore);
  row.peer_no = peer_number(open.peer, row.at_us);
  row.count = open.count;
  row.span_us = std::max<Integer>(0, row.at_us - open.since_us);
  if (open.token != 0) row.token = static_cast<Integer>(open.token);
  open.peer_no = *row.peer_no;
  open.since_seq = row.seq;
  open.since_us = row.at_us - *row.span_us;
  open.kind = waits ? Kind::kFoundWaiting : Kind::kFound;
  open.generation = generation_;
  open.clock = clock_;
  open.fresh = true;
  fresh_.push_back(slot);
}

void Bookkeeper::take_gap(const Record& record, const GapSummary& summary) {
  THROTTLE_CHECK(record.count >= 0);
  const Integer first = last_.seq + 1;
  last_.seq += record.count;
  last_number_ += static_cast<std::uint64_t>(record.count);
  EventRow& row = add_event(Kind::kGap, record.at);
  row.since_seq = first;
  row.count = record.count;
  row.span_us = std::chrono::floor<std::chrono::microseconds>(record.span).count();
  add_detail(gap_json(summary));
  gap_seq_ = row.seq;
  ++generation_;
}

void Bookkeeper::take_found_pause(const Record& record) {
  const bool paused = record.excess != 0;
  if (std::exchange(all_paused_, paused) == paused) return;
  add_event(paused ? Kind::kPaused : Kind::kResumed, record.at);
}

void Bookkeeper::take_found_semaphore(const Record& record, SemaphoreEntry& entry) {
  SemaphoreSlot& slot = semaphore_slot(record.semaphore);
  slot.settings = std::move(entry);
  slot.full_count = record.count;
  slot.configured = true;
  add_configured(record.at, record.semaphore);
  const bool paused = record.excess != 0;
  if (paused == slot.paused) return;
  semaphore_slot(record.semaphore).paused = paused;
  add_event(paused ? Kind::kPaused : Kind::kResumed, record.at).semaphore_no =
      semaphore_number(record.semaphore);
}

// `at` is when it began; the row is of the time of the walk, which is that of the latest record.
void Bookkeeper::take_found(const Record& record) {
  const bool waits = record.kind == RecordKind::kFoundWait;
  const PeerSlot peer = know_peer(record, nullptr);
  const Integer since_us = to_wall_us(record.at);
  const OpenSlot known = find_open(peer, record.semaphore, waits ? Sort::kWait : Sort::kLease);
  if (known != kNobody) {
    Open& open = opens_[known];
    // A restored lease has no token.
    const bool same = open.count == record.count &&
                      (record.token != 0 ? open.token == record.token : open.since == record.at);
    if (same) {
      open.generation = generation_;
      return;
    }
    miss(known, last_at_);
  }
  const OpenSlot slot = opens_.allocate();
  opens_[slot] = {.since_seq = 0,
                  .since_us = since_us,
                  .since = record.at,
                  .count = record.count,
                  .token = record.token,
                  .semaphore = record.semaphore,
                  .peer = peer,
                  .next = std::exchange(peers_[peer].first, slot),
                  .kind = waits ? Kind::kQueued : Kind::kGranted};
  add_found(slot, last_at_);
}

void Bookkeeper::close_gap(TimePoint at) {
  THROTTLE_CHECK(gap_seq_ != 0);
  for (const OpenSlot slot : all_open()) {
    if (opens_[slot].generation != generation_) miss(slot, at);
  }
  std::vector<PeerSlot> gone;
  peer_places_.visit([&](const PeerPlace& place) {
    if (peers_[place.slot].generation != generation_) gone.push_back(place.slot);
  });
  for (const PeerSlot slot : gone)
    remove_peer(slot);
  add_event(Kind::kGapClosed, at).since_seq = std::exchange(gap_seq_, 0);
}

void Bookkeeper::miss(OpenSlot slot, TimePoint at) {
  const Open& open = opens_[slot];
  EventRow& row = add_event(Kind::kMissed, at);
  row.semaphore_no = semaphore_number(open.semaphore);
  row.peer_no = peer_number(open.peer, row.at_us);
  row.count = open.count;
  row.since_seq = open.since_seq;
  close(slot);
}

void Bookkeeper::miss_stale(PeerSlot peer, SemaphoreIndex semaphore, Sort sort, TimePoint at) {
  const OpenSlot slot = find_open(peer, semaphore, sort);
  if (slot != kNobody) miss(slot, at);
}

std::vector<Bookkeeper::OpenSlot> Bookkeeper::all_open() const {
  std::vector<OpenSlot> open;
  for (std::size_t i = 0; i < opens_.capacity(); ++i) {
    if (opens_[static_cast<OpenSlot>(i)].since_seq > 0) open.push_back(static_cast<OpenSlot>(i));
  }
  std::sort(open.begin(), open.end(),
            [this](OpenSlot a, OpenSlot b) { return opens_[a].since_seq < opens_[b].since_seq; });
  return open;
}

void Bookkeeper::step_clock(const Anchor& now) {
  const Integer before = to_wall_us(now.steady);
  anchor_ = now;
  ++clock_;
  last_us_ = to_wall_us(last_at_);
  EventRow& row = add_event(Kind::kClockStepped, last_at_);
  row.span_us = now.wall_us - before;
}

void Bookkeeper::note(TimePoint at, std::string_view json) {
  add_event(Kind::kNote, at);
  add_detail(std::string(json));
}

void Bookkeeper::stop(TimePoint at) {
  for (const OpenSlot slot : all_open()) {
    const Open& open = opens_[slot];
    const bool waits = is_wait(open.kind);
    EventRow& row = add_event(waits ? Kind::kWaitEnded : Kind::kLeaseEnded, at);
    row.semaphore_no = semaphore_number(open.semaphore);
    row.peer_no = peer_number(open.peer, row.at_us);
    row.count = open.count;
    row.cause_no = static_cast<Integer>(EndCause::kStopped);
    row.span_us = std::max<Integer>(0, span_of(open, row.at_us, at));
    row.since_seq = open.since_seq;
    if (open.token != 0) row.token = static_cast<Integer>(open.token);
    close(slot);
  }
  flush_refusals(at, Refusals::kAll);
  add_event(Kind::kStopped, at);
}

}  // namespace throttle::journal
