// Records to rows. The order of a batch's rows is the order of their numbers; nothing here looks at
// a clock, so the same records always give the same rows.
//
// The rest of the class: bookkeeper_gap.cc has files and gaps, bookkeeper_rows.cc the rows.
#include "libthrottle/journal/bookkeeper.h"

#include <algorithm>

#include "libthrottle/core/check.h"
#include "libthrottle/core/hash.h"
#include "libthrottle/journal/details.h"

namespace throttle::journal {

namespace {

constexpr std::size_t kDepartedPlaces = 8192;

std::size_t departed_place(PeerId id) {
  return static_cast<std::size_t>(mix64(id)) % kDepartedPlaces;
}

MaybeInteger micros(Duration span) {
  if (span < Duration::zero()) return std::nullopt;
  return std::chrono::floor<std::chrono::microseconds>(span).count();
}

const std::string* text_of(const Attachment* attachment) {
  return attachment == nullptr ? nullptr : std::get_if<std::string>(&attachment->content);
}

}  // namespace

Bookkeeper::Bookkeeper(Run run, Privacy privacy, const Anchor& start)
    : run_(std::move(run)),
      privacy_(privacy),
      anchor_(start),
      start_(start),
      departed_(kDepartedPlaces),
      last_at_(start.steady) {}

void Bookkeeper::take(Record& record) {
  THROTTLE_CHECK(has_file_);
  const std::unique_ptr<Attachment> attachment = release_attachment(record);
  if (is_numbered(record.kind)) {
    THROTTLE_CHECK(record.number == last_number_ + 1);
    last_number_ = record.number;
    take_numbered(record, attachment.get());
  } else {
    take_other(record, attachment.get());
  }
}

void Bookkeeper::take_numbered(const Record& record, Attachment* attachment) {
  switch (record.kind) {
    case RecordKind::kQueued:
    case RecordKind::kRestored:
      return take_begin(record);
    case RecordKind::kGranted:
      return take_grant(record);
    case RecordKind::kWaitEnded:
    case RecordKind::kLeaseEnded:
      return take_end(record);
    case RecordKind::kConfigured:
      return take_configured(record, attachment);
    case RecordKind::kLabelled:
      return take_labelled(record, attachment);
    default:
      return take_detailed(record, attachment);
  }
}

void Bookkeeper::take_other(const Record& record, Attachment* attachment) {
  switch (record.kind) {
    case RecordKind::kPeerAdded:
      know_peer(record, attachment);
      return;
    case RecordKind::kPeerRemoved:
      if (const PeerSlot slot = find_peer(record.peer); slot != kNobody) remove_peer(slot);
      return;
    case RecordKind::kRefused:
      return take_refused(record, attachment);
    case RecordKind::kSemaphoreName:
      THROTTLE_CHECK(text_of(attachment) != nullptr);
      semaphore_slot(record.semaphore).settings.name = *text_of(attachment);
      return;
    case RecordKind::kConnection:
      THROTTLE_CHECK(attachment != nullptr);
      return take_connection(record, std::get<ConnectionEntry>(attachment->content));
    case RecordKind::kGap:
      THROTTLE_CHECK(attachment != nullptr);
      return take_gap(record, std::get<GapSummary>(attachment->content));
    case RecordKind::kFoundSemaphore:
      if (record.semaphore == kNoSemaphore) return take_found_pause(record);
      THROTTLE_CHECK(attachment != nullptr);
      return take_found_semaphore(record, std::get<SemaphoreEntry>(attachment->content));
    case RecordKind::kFoundPeer:
      know_peer(record, attachment);
      return;
    case RecordKind::kFoundLease:
    case RecordKind::kFoundWait:
      return take_found(record);
    case RecordKind::kFoundAll:
      return close_gap(record.at);
    default:
      THROTTLE_CHECK(false);  // the recorder makes no others
  }
}

void Bookkeeper::take_begin(const Record& record) {
  const bool waits = record.kind == RecordKind::kQueued;
  const PeerSlot peer = know_peer(record, nullptr);
  miss_stale(peer, record.semaphore, waits ? Sort::kWait : Sort::kLease, record.at);
  EventRow& row = add_event(static_cast<Kind>(record.kind), record.at);
  row.semaphore_no = semaphore_number(record.semaphore);
  row.peer_no = peer_number(peer, row.at_us);
  row.count = record.count;
  if (record.token != 0) row.token = static_cast<Integer>(record.token);
  if (!waits) row.excess = record.excess;
  open_from(row, record, peer);
}

void Bookkeeper::take_grant(const Record& record) {
  const PeerSlot peer = know_peer(record, nullptr);
  miss_stale(peer, record.semaphore, Sort::kLease, record.at);
  const OpenSlot wait = find_begun(peer, record, Sort::kWait);
  EventRow& row = add_event(Kind::kGranted, record.at);
  row.semaphore_no = semaphore_number(record.semaphore);
  row.peer_no = peer_number(peer, row.at_us);
  row.count = record.count;
  row.token = static_cast<Integer>(record.token);
  row.span_us = micros(record.span);
  if (wait != kNobody) {
    row.since_seq = opens_[wait].since_seq;
    row.span_us = span_of(opens_[wait], row.at_us, record.at);
    close(wait);
  }
  open_from(row, record, peer);
}

void Bookkeeper::open_from(const EventRow& row, const Record& record, PeerSlot peer) {
  THROTTLE_CHECK(row.peer_no.has_value());
  open({.since_seq = row.seq,
        .since_us = row.at_us,
        .since = record.at,
        .peer_no = *row.peer_no,
        .count = record.count,
        .token = record.token,
        .semaphore = record.semaphore,
        .peer = peer,
        .kind = static_cast<Kind>(record.kind)});
}

// The beginning may be unknown: it was dropped, and its end came before the walk found it.
void Bookkeeper::take_end(const Record& record) {
  const bool waits = record.kind == RecordKind::kWaitEnded;
  const PeerSlot peer = know_peer(record, nullptr);
  const OpenSlot begun = find_begun(peer, record, waits ? Sort::kWait : Sort::kLease);
  EventRow& row = add_event(static_cast<Kind>(record.kind), record.at);
  row.semaphore_no = semaphore_number(record.semaphore);
  row.peer_no = peer_number(peer, row.at_us);
  row.count = record.count;
  row.cause_no = static_cast<Integer>(record.cause);
  row.span_us = micros(record.span);
  if (record.token != 0) row.token = static_cast<Integer>(record.token);
  if (begun == kNobody) return;
  row.since_seq = opens_[begun].since_seq;
  row.span_us = span_of(opens_[begun], row.at_us, record.at);
  close(begun);
}

void Bookkeeper::take_configured(const Record& record, Attachment* attachment) {
  THROTTLE_CHECK(attachment != nullptr);
  SemaphoreSlot& slot = semaphore_slot(record.semaphore);
  slot.settings = std::get<SemaphoreEntry>(attachment->content);
  slot.full_count = record.count;
  slot.configured = true;
  add_configured(record.at, record.semaphore);
}

void Bookkeeper::take_labelled(const Record& record, Attachment* attachment) {
  const PeerSlot peer = know_peer(record, nullptr);
  if (const std::string* label = text_of(attachment)) peers_[peer].label = *label;
  EventRow& row = add_event(Kind::kLabelled, record.at);
  row.peer_no = peer_number(peer, row.at_us);
  if (privacy_.labels) add_detail(label_json(peers_[peer].label));
}

// Everything else: a row with what the record has, and a detail where there is one.
void Bookkeeper::take_detailed(const Record& record, Attachment* attachment) {
  const PeerSlot peer = record.peer == 0 ? kNobody : know_peer(record, nullptr);
  EventRow& row = add_event(static_cast<Kind>(record.kind), record.at);
  if (record.semaphore != kNoSemaphore) row.semaphore_no = semaphore_number(record.semaphore);
  if (peer != kNobody) row.peer_no = peer_number(peer, row.at_us);
  if (record.kind == RecordKind::kExcess) row.excess = record.excess;
  if (record.kind == RecordKind::kPaused || record.kind == RecordKind::kResumed) {
    const bool paused = record.kind == RecordKind::kPaused;
    (record.semaphore == kNoSemaphore ? all_paused_ : semaphore_slot(record.semaphore).paused) =
        paused;
  }
  if (attachment == nullptr) return;
  if (const auto* kick = std::get_if<KickEntry>(&attachment->content)) {
    const MaybeText from = client_text({record.ip, record.port});
    add_detail(kick_json(*kick, from ? *from : std::string()));
  } else if (const std::string* json = text_of(attachment); json != nullptr && !json->empty()) {
    add_detail(*json);
  }
}

void Bookkeeper::take_refused(const Record& record, Attachment* attachment) {
  THROTTLE_CHECK(attachment != nullptr);
  RefusalKey key{.semaphore = record.semaphore};
  if (auto* const refusal = std::get_if<ProxyRefusal>(&attachment->content)) {
    key.proxy = std::move(refusal->proxy);
    key.reason = std::move(refusal->reason);
  } else {
    key.reason = std::get<std::string>(attachment->content);
  }
  RefusalSum& sum = refusals_[std::move(key)];
  const Integer at_us = to_wall_us(record.at);
  if (sum.count == 0) sum = {.from_us = at_us, .to_us = at_us, .count = 0, .last = {}};
  ++sum.count;
  sum.to_us = std::max(sum.to_us, at_us);
  sum.last = {record.ip, record.port};
}

void Bookkeeper::take_connection(const Record& record, ConnectionEntry& entry) {
  if (!privacy_.connections) return;
  ConnectionRow row;
  row.connection_no = ++last_.connection_no;
  row.ended_us = to_wall_us(record.at);
  const PeerSlot peer = find_peer(record.peer);
  const Departed& departed = departed_[departed_place(record.peer)];
  if (peer != kNobody && peers_[peer].peer_no != 0) {
    row.peer_no = peers_[peer].peer_no;
  } else if (departed.id == record.peer && departed.peer_no != 0) {
    row.peer_no = departed.peer_no;
  }
  row.proxy_no = proxy_number(entry.proxy);
  row.upstream = std::move(entry.upstream);
  row.waited_us = micros(entry.waited);
  row.prepared_us = micros(entry.prepared);
  row.connected_us = micros(entry.connected);
  row.total_us = micros(entry.total).value_or(0);
  row.bytes_up = static_cast<Integer>(entry.bytes_up);
  row.bytes_down = static_cast<Integer>(entry.bytes_down);
  row.ended_by = std::string(1, entry.ended_by);
  row.phase = std::string(1, entry.phase);
  row.position = static_cast<Integer>(entry.position);
  if (!entry.reason.empty()) row.reason = std::move(entry.reason);
  rows_.connections.push_back(std::move(row));
}

// --- peers and what they have open ---

Bookkeeper::PeerSlot Bookkeeper::find_peer(PeerId id) const {
  const PeerPlace* const place = peer_places_.find(id);
  return place == nullptr ? kNobody : place->slot;
}

// Finds the peer of a record or makes its entry; a record that introduces it updates what is known.
Bookkeeper::PeerSlot Bookkeeper::know_peer(const Record& record, Attachment* introduction) {
  PeerSlot slot = find_peer(record.peer);
  if (slot == kNobody) {
    slot = peers_.allocate();
    peer_places_.insert(record.peer).slot = slot;
    peers_[slot].id = record.peer;
    peers_[slot].address = {record.ip, record.port};
  }
  PeerEntry& peer = peers_[slot];
  THROTTLE_CHECK(peer.id == record.peer);
  peer.generation = generation_;
  if (introduction != nullptr) {
    // After a gap events may come before the peer is found; the next row of it says more.
    if (peer.address != SocketAddress{record.ip, record.port}) peer.peer_no = 0;
    peer.address = {record.ip, record.port};
    if (std::string* label = std::get_if<std::string>(&introduction->content))
      peer.label = std::move(*label);
  }
  return slot;
}

// Only what a gap made unknown can still be open: the ledger ends everything first.
void Bookkeeper::remove_peer(PeerSlot slot) {
  PeerEntry& peer = peers_[slot];
  while (peer.first != kNobody)
    miss(peer.first, last_at_);
  if (peer.peer_no != 0) departed_[departed_place(peer.id)] = {peer.id, peer.peer_no};
  const PeerPlace* const place = peer_places_.find(peer.id);
  THROTTLE_CHECK(place != nullptr && place->slot == slot);
  peer_places_.erase(*place);
  peers_.release(slot);
}

Bookkeeper::OpenSlot Bookkeeper::find_open(PeerSlot peer, SemaphoreIndex semaphore,
                                           Sort sort) const {
  THROTTLE_CHECK(peer != kNobody);
  for (OpenSlot slot = peers_[peer].first; slot != kNobody; slot = opens_[slot].next) {
    const Open& open = opens_[slot];
    if (open.semaphore == semaphore && is_wait(open.kind) == (sort == Sort::kWait)) return slot;
  }
  return kNobody;
}

// What the record ends. After a gap that may be another lease or wait of the same place than the
// one that is known: then that one ended unseen, and this one began so.
Bookkeeper::OpenSlot Bookkeeper::find_begun(PeerSlot peer, const Record& record, Sort sort) {
  const OpenSlot slot = find_open(peer, record.semaphore, sort);
  if (slot == kNobody || opens_[slot].generation == generation_) return slot;
  const Open& open = opens_[slot];
  const bool same =
      sort == Sort::kLease ? open.token == record.token : open.since == record.at - record.span;
  if (same && open.count == record.count) return slot;
  miss(slot, record.at);
  return kNobody;
}

void Bookkeeper::open(const Open& open) {
  THROTTLE_CHECK(open.peer != kNobody && open.since_seq > 0);
  const OpenSlot slot = opens_.allocate();
  opens_[slot] = open;
  opens_[slot].generation = generation_;
  opens_[slot].clock = clock_;
  opens_[slot].next = std::exchange(peers_[open.peer].first, slot);
  fresh_.push_back(slot);
}

void Bookkeeper::close(OpenSlot slot) {
  const Open& open = opens_[slot];
  THROTTLE_CHECK(open.since_seq > 0);
  OpenSlot* link = &peers_[open.peer].first;
  while (*link != slot) {
    THROTTLE_CHECK(*link != kNobody);
    link = &opens_[*link].next;
  }
  *link = open.next;
  if (!open.fresh) rows_.closed.push_back(open.since_seq);
  opens_.release(slot);
}

}  // namespace throttle::journal
