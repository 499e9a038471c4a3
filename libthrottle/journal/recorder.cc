// One switch turns an event into a record; everything that may happen to a record is in put().
#include "libthrottle/journal/recorder.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::journal {

namespace {

constexpr std::size_t kPeersPerTurn = 1'000;
constexpr std::size_t kRecordsOfPeer = 6;  // itself, and more leases than peers have

EndCause end_cause(Cause cause) {
  switch (cause) {
    case Cause::kNone:
      return EndCause::kNone;
    case Cause::kReleased:
      return EndCause::kReleased;
    case Cause::kExpired:
      return EndCause::kExpired;
    case Cause::kHoldLimit:
      return EndCause::kHoldLimit;
    case Cause::kWaitLimit:
      return EndCause::kWaitLimit;
    case Cause::kNeverFits:
      return EndCause::kNeverFits;
    case Cause::kBreaksHierarchy:
      return EndCause::kBreaksHierarchy;
    case Cause::kSemaphoreRemoved:
      return EndCause::kSemaphoreRemoved;
    case Cause::kForced:
      return EndCause::kForced;
  }
  return EndCause::kNone;
}

// The words of the metric throttle_refusals_total.
std::string_view refusal_name(AcquireStatus status) {
  switch (status) {
    case AcquireStatus::kUnknownPeer:
      return "unknown_peer";
    case AcquireStatus::kCountNotPositive:
      return "count_not_positive";
    case AcquireStatus::kNeverFits:
      return "never_fits";
    case AcquireStatus::kShrinks:
      return "shrinks";
    case AcquireStatus::kGrows:
      return "grows";
    case AcquireStatus::kBreaksHierarchy:
      return "breaks_hierarchy";
    case AcquireStatus::kOtherPending:
      return "other_pending";
    case AcquireStatus::kQueueFull:
      return "queue_full";
    case AcquireStatus::kUnknownSemaphore:
      return "unknown_semaphore";
    case AcquireStatus::kAcquired:
    case AcquireStatus::kPending:
      break;
  }
  return "other";
}

Attachment* attach(std::string text) {
  return std::make_unique<Attachment>(Attachment{std::move(text)}).release();
}

}  // namespace

Recorder::Recorder(std::shared_ptr<Channel> channel, const LeaseLedger& ledger,
                   const Options& options)
    : channel_(std::move(channel)),
      ledger_(ledger),
      options_(options),
      in_grace_(options.grants_from > options.started) {
  THROTTLE_CHECK(channel_ != nullptr);
  if (in_grace_) add(Note{.kind = RecordKind::kGraceBegan, .at = options_.started});
}

void Recorder::observe(std::span<const LedgerEvent> events) noexcept {
  for (const LedgerEvent& event : events) {
    if (in_grace_) look_at_grace(event.at);
    record(event);
  }
}

void Recorder::look_at_grace(TimePoint now) noexcept {
  if (!in_grace_ || now < options_.grants_from) return;
  in_grace_ = false;
  add(Note{.kind = RecordKind::kGraceEnded, .at = options_.grants_from});
}

void Recorder::record(const LedgerEvent& event) noexcept {
  Record record;
  record.at = event.at;
  record.peer = event.peer;
  record.count = event.count;
  record.semaphore = event.semaphore;
  bool urgent = false;
  switch (event.kind) {
    case EventKind::kPeerAdded:
      record.kind = RecordKind::kPeerAdded;
      introduce(record, event.client, event.label.text());
      return put(record);
    case EventKind::kPeerRemoved:
      record.kind = RecordKind::kPeerRemoved;
      return put(record);
    case EventKind::kLabelled:
      record.kind = RecordKind::kLabelled;
      introduce(record, event.client, event.label.text());
      if (record.attachment == nullptr) record.attachment = attach({});  // it has none any more
      return put(record);
    case EventKind::kConfigured:
      return put_configured(event);
    case EventKind::kPaused:
    case EventKind::kResumed: {
      const bool paused = event.kind == EventKind::kPaused;
      record.kind = paused ? RecordKind::kPaused : RecordKind::kResumed;
      note_pause(event.semaphore, paused);
      break;
    }
    case EventKind::kRefused:
      record.kind = RecordKind::kRefused;
      if (const auto peer = ledger_.peer(event.peer)) introduce(record, peer->address, {});
      record.attachment = attach(std::string(refusal_name(event.refusal)));
      break;
    case EventKind::kQueued:
      record.kind = RecordKind::kQueued;
      break;
    case EventKind::kGranted:
      record.kind = RecordKind::kGranted;
      record.token = event.token;
      record.span = event.waited;
      break;
    case EventKind::kWaitEnded:
      record.kind = RecordKind::kWaitEnded;
      record.cause = end_cause(event.cause);
      record.span = event.waited;
      break;
    case EventKind::kLeaseEnded:
      record.kind = RecordKind::kLeaseEnded;
      record.cause = end_cause(event.cause);
      record.token = event.token;
      record.span = event.held;
      break;
    case EventKind::kRestored:
    case EventKind::kExcess:
      record.kind = event.kind == EventKind::kExcess ? RecordKind::kExcess : RecordKind::kRestored;
      record.token = event.token;
      record.excess = event.excess;
      urgent = event.excess > 0;
      break;
    case EventKind::kWokenLate:
      return put_woken_late(event);
  }
  if (event.semaphore != kNoSemaphore &&
      (event.semaphore >= names_sent_.size() || !names_sent_[event.semaphore]))
    put_name(event.semaphore, event.at);
  put(record, urgent);
}

// What the record says of its peer.
void Recorder::introduce(Record& record, const SocketAddress& address,
                         std::string_view label) const {
  record.ip = address.ip;
  record.port = address.port;
  if (options_.labels && !label.empty()) record.attachment = attach(std::string(label));
}

void Recorder::put_woken_late(const LedgerEvent& event) noexcept {
  const auto late = std::chrono::duration_cast<std::chrono::microseconds>(event.waited).count();
  add(Note{.at = event.at,
           .json = R"({"what":"woken late","late_us":)" + std::to_string(late) + "}"});
}

void Recorder::put_configured(const LedgerEvent& event) noexcept {
  if (event.semaphore >= settings_.size()) settings_.resize(event.semaphore + 1);
  SemaphoreEntry& entry = settings_[event.semaphore];
  entry = {std::string(ledger_.semaphore_name(event.semaphore)), event.level, event.order,
           event.max_pending, event.retired};
  Record record;
  record.kind = RecordKind::kConfigured;
  record.at = event.at;
  record.semaphore = event.semaphore;
  record.count = event.count;
  record.attachment = std::make_unique<Attachment>(Attachment{entry}).release();
  put(record);
}

void Recorder::add(const Note& note) noexcept {
  THROTTLE_CHECK(is_numbered(note.kind) && note.kind > RecordKind::kExcess);
  Record record;
  record.kind = note.kind;
  record.at = note.at;
  if (!note.json.empty()) record.attachment = attach(note.json);
  const bool urgent = note.kind == RecordKind::kReloaded || note.kind == RecordKind::kReloadRefused;
  put(record, urgent);
}

void Recorder::add_kick(TimePoint at, const KickedPeer& kicked, KickEntry kick) noexcept {
  Record record;
  record.kind = RecordKind::kKicked;
  record.at = at;
  record.peer = kicked.peer;
  record.semaphore = kicked.semaphore;
  record.ip = kicked.from.ip;
  record.port = kicked.from.port;
  record.attachment = std::make_unique<Attachment>(Attachment{std::move(kick)}).release();
  put(record, true);
}

void Recorder::add(TimePoint ended, PeerId peer, const SocketAddress& client,
                   ConnectionEntry entry) noexcept {
  if (!options_.connections) return;
  Record record;
  record.kind = RecordKind::kConnection;
  record.at = ended;
  record.peer = peer;
  record.ip = client.ip;
  record.port = client.port;
  record.attachment = std::make_unique<Attachment>(Attachment{std::move(entry)}).release();
  put(record);
}

void Recorder::add_refusal(TimePoint at, const SocketAddress& client,
                           ProxyRefusal refusal) noexcept {
  Record record;
  record.kind = RecordKind::kRefused;
  record.at = at;
  record.ip = client.ip;
  record.port = client.port;
  record.attachment = std::make_unique<Attachment>(Attachment{std::move(refusal)}).release();
  put(record);
}

// Every record goes through here: it is numbered, and either put into the channel or dropped.
void Recorder::put(Record& record, bool urgent) noexcept {
  if (is_numbered(record.kind)) {
    record.number = ++number_;
    if (channel_->committed() >= waiting_number_) {
      waiting_number_ = number_;
      waiting_since_ = record.at;
    }
  }
  if (gap_.open && !close_gap(record.at)) return drop(record);
  if (!channel_->try_put(record)) return drop(record);
  record.attachment = nullptr;  // the channel's now
  if (urgent) {
    since_call_ = 0;
    channel_->call(Channel::Call::kUrgent);
  } else if (++since_call_ >= kBatchEvents) {
    since_call_ = 0;
    channel_->call(Channel::Call::kBatch);
  }
}

void Recorder::drop(Record& record) noexcept {
  if (!gap_.open) {
    gap_ = {};
    gap_.open = true;
    gap_.from = record.at;
    gap_.summary.why = "queue full";
    walk_ = Walk::kNone;
    gaps_.fetch_add(1, std::memory_order_relaxed);
  }
  gap_.to = record.at;
  ++gap_.summary.by_kind[static_cast<std::uint8_t>(record.kind)];
  if (is_numbered(record.kind)) {
    ++gap_.numbers;
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
  if (record.kind == RecordKind::kSemaphoreName) names_sent_[record.semaphore] = false;
  release_attachment(record);
}

// True: the writer has room again and knows what is missing; the walk over the ledger begins.
bool Recorder::close_gap(TimePoint now) noexcept {
  THROTTLE_CHECK(gap_.open);
  if (channel_->size() > channel_->capacity() / 2) return false;
  Record record;
  record.kind = RecordKind::kGap;
  record.at = now;
  record.count = static_cast<Count>(gap_.numbers);
  record.span = gap_.to - gap_.from;
  record.attachment = std::make_unique<Attachment>(Attachment{std::move(gap_.summary)}).release();
  THROTTLE_CHECK(channel_->try_put(record));  // half of it is free, and only we put
  gap_ = {};
  walk_ = Walk::kSemaphores;
  channel_->call(Channel::Call::kUrgent);
  return true;
}

void Recorder::put_name(SemaphoreIndex index, TimePoint at) noexcept {
  if (index >= names_sent_.size()) names_sent_.resize(index + 1);
  names_sent_[index] = true;
  Record record;
  record.kind = RecordKind::kSemaphoreName;
  record.at = at;
  record.semaphore = index;
  record.attachment = attach(std::string(ledger_.semaphore_name(index)));
  put(record);
}

// --- after a gap ---

void Recorder::catch_up(TimePoint now) noexcept {
  if (gap_.open) close_gap(now);
  if (walk_ == Walk::kSemaphores) {
    find_semaphores(now);
    if (walk_ == Walk::kNone) return;  // no room again
    walk_ = Walk::kPeers;
    cursor_ = {};
    return;
  }
  if (walk_ != Walk::kPeers || channel_->size() > channel_->capacity() / 2) return;
  if (!find_peers(now)) return;
  Record record;
  record.kind = RecordKind::kFoundAll;
  record.at = now;
  put(record, true);
  if (!gap_.open) walk_ = Walk::kNone;
}

void Recorder::note_pause(SemaphoreIndex semaphore, bool paused) noexcept {
  if (semaphore == kNoSemaphore) {
    all_paused_ = paused;
    return;
  }
  if (semaphore >= paused_.size()) paused_.resize(semaphore + 1);
  paused_[semaphore] = paused;
}

void Recorder::find_semaphores(TimePoint now) noexcept {
  Record all;
  all.kind = RecordKind::kFoundSemaphore;
  all.at = now;
  all.excess = all_paused_ ? 1 : 0;
  put(all);
  if (gap_.open) return;
  for (const SemaphoreState& state : ledger_.semaphores()) {
    if (state.index >= settings_.size()) continue;
    Record record;
    record.kind = RecordKind::kFoundSemaphore;
    record.at = now;
    record.semaphore = state.index;
    record.count = state.full_count;
    record.excess = state.index < paused_.size() && paused_[state.index] ? 1 : 0;
    record.attachment = std::make_unique<Attachment>(Attachment{settings_[state.index]}).release();
    put(record);
    if (gap_.open) return;
  }
}

// True: the walk is over.
bool Recorder::find_peers(TimePoint now) noexcept {
  // No more than find room, or a small channel would overflow in each turn.
  const std::size_t room = channel_->capacity() - channel_->size();
  const std::size_t most = std::clamp<std::size_t>(room / kRecordsOfPeer, 1, kPeersPerTurn);
  cursor_ = ledger_.visit_peers(cursor_, most, [this, now](const PeerState& peer) {
    if (!gap_.open) find_peer(peer, now);
  });
  return cursor_.ended() && !gap_.open;
}

void Recorder::find_peer(const PeerState& peer, TimePoint now) noexcept {
  Record record;
  record.kind = RecordKind::kFoundPeer;
  record.at = now;
  record.peer = peer.id;
  introduce(record, peer.address, peer.label);
  put(record);
  const auto find = [this, &peer](RecordKind kind, const LeaseState& lease) {
    const auto state = index_of(lease.semaphore);
    if (!state) return;
    if (*state >= names_sent_.size() || !names_sent_[*state]) put_name(*state, lease.since);
    Record found;
    found.kind = kind;
    found.at = lease.since;
    found.peer = peer.id;
    found.semaphore = *state;
    found.count = lease.count;
    found.token = lease.token;
    put(found);
  };
  for (const LeaseState& lease : peer.leases)
    find(RecordKind::kFoundLease, lease);
  if (peer.pending) find(RecordKind::kFoundWait, *peer.pending);
}

// Of a semaphore that is configured, or retired and not yet gone.
std::optional<SemaphoreIndex> Recorder::index_of(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < names_sent_.size(); ++i) {
    if (names_sent_[i] && ledger_.semaphore_name(static_cast<SemaphoreIndex>(i)) == name)
      return static_cast<SemaphoreIndex>(i);
  }
  const auto state = ledger_.semaphore(name);
  if (!state) return std::nullopt;
  return state->index;
}

Duration Recorder::lag(TimePoint now) const noexcept {
  if (channel_->committed() >= number_) return {};
  return std::max(now - waiting_since_, Duration::zero());
}

// Hysteresis: from three quarters on, until less than half is full.
bool Recorder::wants_pause() noexcept {
  if (options_.when_behind != WhenBehind::kPause) return false;
  const std::size_t size = channel_->size();
  const std::size_t capacity = channel_->capacity();
  if (channel_->is_failing() || size >= capacity / 4 * 3) {
    pausing_ = true;
  } else if (size < capacity / 2) {
    pausing_ = false;
  }
  return pausing_;
}

}  // namespace throttle::journal
