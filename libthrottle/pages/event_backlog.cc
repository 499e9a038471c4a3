// Numbers events, keeps them, and words them.
#include "libthrottle/pages/event_backlog.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/details.h"
#include "libthrottle/pages/event_words.h"
#include "libthrottle/pages/json_text.h"

namespace throttle::pages {

namespace {

using journal::Kind;

// For up to this many, room is made at once: then no event needs memory for its place.
constexpr std::size_t kRoomAtOnce = 65'536;
constexpr std::int64_t kClockJitter = 1'000'000;  // µs

std::int64_t micros(Duration span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}
std::int64_t millis(Duration span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

template <typename Value>
void append_next(std::string& out, std::string_view name, Value value) {
  out.append(", ");
  append_json_member(out, name, value);
}

}  // namespace

EventBacklog::EventBacklog(const LeaseLedger& ledger, const Options& options)
    : ledger_(ledger), options_(options), in_grace_(options.grants_from > options.started) {
  THROTTLE_CHECK(options_.capacity > 0);
  events_.reserve(std::min(options_.capacity, kRoomAtOnce));
}

void EventBacklog::set_clock(TimePoint now, std::int64_t wall_us) {
  const std::int64_t by_ours = clock_us_ + micros(now - clock_at_);
  if (has_clock_ && std::abs(wall_us - by_ours) <= kClockJitter) return;
  const bool is_first = !std::exchange(has_clock_, true);
  clock_at_ = now;
  clock_us_ = wall_us;
  if (is_first && in_grace_) add(Kind::kGraceBegan, options_.started);
}

// As the recorder does: the end of the grace is noticed with the first event after it.
void EventBacklog::observe(std::span<const LedgerEvent> events) {
  for (const LedgerEvent& event : events) {
    if (in_grace_ && event.at >= options_.grants_from) {
      in_grace_ = false;
      add(Kind::kGraceEnded, options_.grants_from);
    }
    add_plain(event);
  }
}

void EventBacklog::add_plain(const LedgerEvent& event) {
  const auto put_as = [&](Kind kind) { put({.kind = kind, .what = event}); };
  switch (event.kind) {
    case EventKind::kPeerAdded:
    case EventKind::kPeerRemoved:
    case EventKind::kRefused:
      return;
    case EventKind::kQueued:
      return put_as(Kind::kQueued);
    case EventKind::kGranted:
      return put_as(Kind::kGranted);
    case EventKind::kWaitEnded:
      return put_as(Kind::kWaitEnded);
    case EventKind::kLeaseEnded:
      return put_as(Kind::kLeaseEnded);
    case EventKind::kRestored:
      return put_as(Kind::kRestored);
    case EventKind::kExcess:
      return put_as(Kind::kExcess);
    case EventKind::kLabelled:
      return put_as(Kind::kLabelled);
    case EventKind::kConfigured:
      return put_as(Kind::kConfigured);
    case EventKind::kPaused:
      return put_as(Kind::kPaused);
    case EventKind::kResumed:
      return put_as(Kind::kResumed);
    case EventKind::kWokenLate:
      return add(Kind::kNote, event.at,
                 R"("what": "woken late", "late_ms": )" + std::to_string(millis(event.waited)));
  }
}

void EventBacklog::add(const lease::Kick& kick) {
  std::string more;
  append_json_member(more, "by", kick.by);
  append_next(more, "reason", kick.reason);
  append_next(more, "from", kick.from.to_string());
  if (kick.within) append_next(more, "within_ms", millis(*kick.within));
  if (kick.bar) append_next(more, "bar_ms", millis(*kick.bar));
  Event event{.kind = Kind::kKicked, .more = std::move(more)};
  event.what.at = kick.at;
  event.what.peer = kick.peer;
  event.what.semaphore = kick.semaphore;
  if (const auto peer = ledger_.peer(kick.peer)) {
    event.what.client = peer->address;
    event.what.label = Label(std::string(peer->label));
  }
  put(std::move(event));
}

void EventBacklog::add(Kind kind, TimePoint at, std::string more) {
  Event event{.kind = kind, .more = std::move(more)};
  event.what.at = at;
  put(std::move(event));
}

void EventBacklog::put(Event event) {
  THROTTLE_CHECK(has_clock_);
  event.at_us = clock_us_ + micros(event.what.at - clock_at_);
  if (events_.size() < options_.capacity)
    events_.push_back(std::move(event));
  else
    events_[newest_ % options_.capacity] = std::move(event);
  ++newest_;
}

const EventBacklog::Event& EventBacklog::at(Number number) const {
  THROTTLE_CHECK(number >= oldest() && number <= newest_);
  return events_[(number - 1) % options_.capacity];
}

void EventBacklog::append_id(std::string& out, Number number) const {
  out.append(std::to_string(options_.run)).append(".").append(std::to_string(number));
}

void EventBacklog::append_block(std::string& out, Number number) const {
  const Event& event = at(number);
  out.append("id: ");
  append_id(out, number);
  out.append("\nevent: ").append(journal::kind_name(static_cast<std::int64_t>(event.kind)));
  out.append("\ndata: {");
  append_json_member(out, "n", number);
  append_members(out, event);
  out.append("}\n\n");
}

void EventBacklog::append_members(std::string& out, const Event& event) const {
  out.append(R"(, "at": ")");
  append_iso_time(out, event.at_us);
  out.append("\"");
  const LedgerEvent& what = event.what;
  if (what.semaphore != kNoSemaphore)
    append_next(out, "semaphore", ledger_.semaphore_name(what.semaphore));
  if (what.peer != 0) append_next(out, "peer", what.peer);
  if (what.client != SocketAddress()) append_next(out, "client", what.client.to_string());
  const bool says_label = !what.label.empty() || event.kind == Kind::kLabelled;
  if (says_label) append_next(out, "label", what.label.text());
  if (event.more.empty()) return append_ledger_members(out, what);
  out.append(", ").append(event.more);
}

// What the kind has to say; the order is that of the documentation.
void EventBacklog::append_ledger_members(std::string& out, const LedgerEvent& event) const {
  if (event.kind == EventKind::kConfigured) {
    append_next(out, "level", event.level);
    append_next(out, "order", journal::order_name(event.order));
    append_next(out, "max_pending", event.max_pending);
    out.append(event.retired ? R"(, "retired": true)" : R"(, "retired": false)");
  } else if (event.count != 0) {
    append_next(out, "count", event.count);
  }
  if (event.token != 0) append_next(out, "token", event.token);
  if (event.cause != Cause::kNone) append_next(out, "cause", cause_word(event.cause));
  if (event.kind == EventKind::kGranted || event.kind == EventKind::kWaitEnded)
    append_next(out, "waited_ms", millis(event.waited));
  if (event.kind == EventKind::kLeaseEnded) append_next(out, "held_ms", millis(event.held));
  const bool is_beyond = event.kind == EventKind::kRestored || event.kind == EventKind::kExcess;
  if (is_beyond) append_next(out, "excess", event.excess);
  if (event.semaphore == kNoSemaphore) return;
  append_next(out, "held", event.acquired);
  append_next(out, "max", event.full_count);
  append_next(out, "waiting", event.waiting);
}

}  // namespace throttle::pages
