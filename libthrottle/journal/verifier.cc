// The verifier's bookkeeping: what each kind of row does to what is open. The rules themselves are
// in verifier_rules.cc.
//
// What is valid when: `open_` has every beginning without an end; each of them is in the entry of
// its peer, and a wait also in the queue of its semaphore. `held` is the sum of the open leases
// of a semaphore, and is never computed otherwise.
#include "libthrottle/journal/verifier.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "libthrottle/core/address.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/hash.h"
#include "libthrottle/core/text.h"
#include "libthrottle/journal/schema.h"

namespace throttle::journal {

namespace {

constexpr std::size_t kMostViolations = 1000;

// A client of a fair queue: an IPv4 address, the /64 of an IPv6 one, or the user of a Unix socket.
// Never 0 for one of these.
std::uint64_t client_key(std::string_view client) {
  const auto ip = IpAddress::parse_client(client);
  if (!ip) return 0;
  if (ip->is_unix()) return IpAddressHash()(*ip) | 1U;
  IpAddress::Bytes bytes = ip->bytes();
  if (!ip->is_v4()) std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return IpAddressHash()(IpAddress::from_v6(bytes)) | 1U;
}

}  // namespace

std::string_view rule_name(Rule rule) {
  constexpr std::array<std::string_view, 14> kNames{
      "file",  "chain",  "hole",      "time",     "pairs", "limit",       "over-commit",
      "order", "tokens", "hierarchy", "wake-ups", "live",  "connections", "counters"};
  return kNames[static_cast<std::size_t>(rule)];
}

bool Report::has(Rule rule) const {
  return std::any_of(violations.begin(), violations.end(),
                     [rule](const Violation& each) { return each.rule == rule; });
}

Verifier::Verifier(std::int64_t pruned_seq)
    : last_seq_(pruned_seq), order_rests_below_(pruned_seq + 1) {}

void Verifier::violate(Rule rule, std::int64_t seq, std::string text) {
  ++report_.violation_count;
  if (report_.violations.size() < kMostViolations)
    report_.violations.push_back({rule, seq, std::move(text)});
}

void Verifier::reserve(std::int64_t from_us, std::int64_t to_us, std::string text) {
  report_.reservations.push_back({from_us, to_us, std::move(text)});
}

void Verifier::semaphore(std::int64_t number, std::string_view name) {
  if (number <= 0 || number > 1'000'000) return;
  if (static_cast<std::size_t>(number) >= semaphores_.size())
    semaphores_.resize(static_cast<std::size_t>(number) + 1);
  semaphores_[static_cast<std::size_t>(number)].name = name;
}

void Verifier::at_cut(const SemaphoreAtCut& cut) {
  THROTTLE_CHECK(static_cast<std::size_t>(cut.semaphore_no) < semaphores_.size());
  Semaphore& semaphore = semaphores_[static_cast<std::size_t>(cut.semaphore_no)];
  semaphore.full = cut.full;
  semaphore.level = cut.level;
  semaphore.order = cut.order == "lifo"   ? Order::kLifo
                    : cut.order == "fair" ? Order::kFair
                                          : Order::kFifo;
  semaphore.paused = (cut.paused & 1) != 0;
  all_paused_ = all_paused_ || (cut.paused & 2) != 0;
}

void Verifier::open_at_cut(const LiveView& open, std::int64_t since_us) {
  EventView event;
  event.seq = open.since_seq;
  event.at_us = since_us;
  event.kind_no = open.kind_no;
  event.semaphore_no = open.semaphore_no;
  event.peer_no = open.peer_no;
  event.count = open.count;
  event.token = open.token;
  const auto kind = static_cast<Kind>(open.kind_no);
  begin(event, kind == Kind::kQueued || kind == Kind::kFoundWaiting, since_us);
  Semaphore& semaphore = semaphore_of(event);
  semaphore.forgiven = true;  // whether it is within its limit is known when it is
  semaphore.excess = excess_of(semaphore);
}

void Verifier::begin_run(const Beginning& run) {
  if (run_no_ != 0 && !stopped_) {
    forget_changes();
    reserve(run.last_committed_us, run.last_committed_us,
            "run " + std::to_string(run_no_) +
                " was lost: what it did after its last commit, and who held when");
  }
  run_no_ = run.run_no;
  report_.last_run = {.run_id = run.run_id, .complete = true, .semaphores = {}};
  for (Semaphore& semaphore : semaphores_)
    semaphore.counts = {};
  ++report_.runs;
  time_known_ = false;
  first_token_of_run_ = true;
  stopped_ = false;
  if (resting_) resting_ = false;
}

void Verifier::peer(std::int64_t peer_no, std::uint64_t id, std::string_view client) {
  if (peer_rows_.empty()) first_peer_no_ = peer_no;
  const Integer index = peer_no - first_peer_no_;
  if (index < 0 || index > static_cast<Integer>(peer_rows_.size()) + 1'000'000) return;
  peer_rows_.resize(static_cast<std::size_t>(index) + 1);
  peer_rows_.back() = {id, client_key(client), false};
}

void Verifier::forget_peers(std::int64_t peer_no) {
  const Integer gone =
      std::min(peer_no - first_peer_no_ + 1, static_cast<Integer>(peer_rows_.size()));
  if (gone < 100'000) return;  // not worth moving the others
  peer_rows_.erase(peer_rows_.begin(), peer_rows_.begin() + gone);
  first_peer_no_ += gone;
}

const Verifier::PeerRow* Verifier::peer_row(Integer peer_no) const {
  const Integer index = peer_no - first_peer_no_;
  if (index < 0 || index >= static_cast<Integer>(peer_rows_.size())) return nullptr;
  return &peer_rows_[static_cast<std::size_t>(index)];
}

Verifier::PeerRow* Verifier::peer_row(Integer peer_no) {
  return const_cast<PeerRow*>(std::as_const(*this).peer_row(peer_no));
}

// A peer whose row is older than the file's memory is known by the number of its row.
std::uint64_t Verifier::id_of(const EventView& event) {
  const PeerRow* const row = peer_row(event.peer_no);
  return row == nullptr ? ~static_cast<std::uint64_t>(event.peer_no) : row->id;
}

void Verifier::event(const EventView& event, std::string_view detail) {
  check_hole(event);
  check_time(event);
  ++report_.events;
  switch (static_cast<Kind>(event.kind_no)) {
    case Kind::kQueued:
      return on_queued(event);
    case Kind::kGranted:
      return on_granted(event);
    case Kind::kRestored:
      return on_restored(event);
    case Kind::kFound:
      return on_found(event, false);
    case Kind::kFoundWaiting:
      return on_found(event, true);
    case Kind::kWaitEnded:
    case Kind::kLeaseEnded:
    case Kind::kMissed:
      return on_ended(event);
    case Kind::kConfigured:
      return on_configured(event, detail);
    case Kind::kPaused:
      return on_paused(event, true);
    case Kind::kResumed:
      return on_paused(event, false);
    case Kind::kExcess:
      return check_excess(event, semaphore_of(event));
    case Kind::kStarted:
      return on_started(event);
    case Kind::kStopped:
      stopped_ = true;
      return;
    case Kind::kGraceBegan:
      in_grace_ = true;
      return;
    case Kind::kGraceEnded:
      in_grace_ = false;
      return;
    case Kind::kGap:
      gap_text_ = detail;
      return on_gap(event);
    case Kind::kGapClosed:
      resting_ = false;
      order_rests_below_ = event.seq;
      reserve(gap_from_us_, event.at_us, gap_text_);
      return;
    default:
      if (kind_name(event.kind_no).empty())
        violate(Rule::kFile, event.seq, "its kind is none of this version");
      return;
  }
}

void Verifier::on_queued(const EventView& event) {
  Semaphore& semaphore = semaphore_of(event);
  check_hierarchy(event, semaphore);
  begin(event, true, event.at_us);
}

void Verifier::on_granted(const EventView& event) {
  Semaphore& semaphore = semaphore_of(event);
  check_order(event, semaphore);
  if (event.since_seq != 0) {
    end(event, true, false);
  } else {
    check_hierarchy(event, semaphore);
  }
  check_limit(event, semaphore);
  check_token(event);
  begin(event, false, event.at_us);
  ++semaphore.counts.granted;
  if (PeerRow* const row = peer_row(event.peer_no)) row->granted = true;
  update_over(event, semaphore, "granted");
}

void Verifier::on_restored(const EventView& event) {
  Semaphore& semaphore = semaphore_of(event);
  if (event.token != 0) last_token_ = std::max(last_token_, event.token);
  begin(event, false, event.at_us);
  ++semaphore.counts.restored;
  check_excess(event, semaphore);
  update_over(event, semaphore, "restored");
}

void Verifier::on_found(const EventView& event, bool waits) {
  Semaphore& semaphore = semaphore_of(event);
  if (!resting_) violate(Rule::kPairs, event.seq, "found, but there is no gap");
  begin(event, waits, event.at_us - event.span_us.value_or(0));
  if (!waits && event.token != 0) last_token_ = std::max(last_token_, event.token);
  if (PeerRow* const row = peer_row(event.peer_no); row != nullptr && !waits) row->granted = true;
  update_over(event, semaphore, "found after a gap");
}

void Verifier::on_ended(const EventView& event) {
  const auto kind = static_cast<Kind>(event.kind_no);
  end(event, kind == Kind::kWaitEnded, kind == Kind::kMissed);
  if (event.semaphore_no == 0) return;
  Semaphore& semaphore = semaphore_of(event);
  if (kind != Kind::kMissed) {
    SemaphoreCounts& counts = semaphore.counts;
    auto& ended = kind == Kind::kWaitEnded ? counts.waits_ended : counts.leases_ended;
    const auto cause = static_cast<std::size_t>(event.cause_no);
    if (cause < ended.size()) ++ended[cause];
  }
  update_over(event, semaphore, "ended");
}

void Verifier::on_configured(const EventView& event, std::string_view detail) {
  Semaphore& semaphore = semaphore_of(event);
  const auto json = nlohmann::json::parse(detail, nullptr, false);
  if (!json.is_object() || !json.contains("level") || !json["level"].is_number_integer()) {
    violate(Rule::kFile, event.seq, "configured, without its detail");
    return;
  }
  const bool retired = json.value("retired", false);
  semaphore.full = retired ? std::nullopt : event.count;
  semaphore.level = json["level"].get<Integer>();
  const std::string order = json.value("order", "fifo");
  const Order before = semaphore.order;
  semaphore.order = order == "lifo"   ? Order::kLifo
                    : order == "fair" ? Order::kFair
                    : order == "fifo" ? Order::kFifo
                                      : Order::kOther;
  if (before != semaphore.order) {
    semaphore.fair.clear();
    for (const auto& [since, waiter] : semaphore.queue)
      semaphore.fair.insert({waiter.client, since});
  }
  touch(event.semaphore_no, semaphore);
  update_over(event, semaphore, "configured");
}

void Verifier::on_paused(const EventView& event, bool paused) {
  if (event.semaphore_no == 0) {
    all_paused_ = paused;
    for (std::size_t i = 1; i < semaphores_.size(); ++i)
      touch(static_cast<Integer>(i), semaphores_[i]);
    return;
  }
  Semaphore& semaphore = semaphore_of(event);
  semaphore.paused = paused;
  touch(event.semaphore_no, semaphore);
}

void Verifier::on_gap(const EventView& event) {
  resting_ = true;
  report_.last_run.complete = false;
  gap_from_us_ = event.at_us - event.span_us.value_or(0);
  const std::string number =
      event.count ? counted(*event.count, "event") : std::string("an unknown number");
  gap_text_ = "gap, " + number + ": " + gap_text_;
}

// A new life knows nothing: all that was open was closed as lost, and everything is configured
// again.
void Verifier::on_started(const EventView& event) {
  if (!open_.empty()) {
    violate(Rule::kPairs, event.seq,
            counted(open_.size(), "lease or wait of the run before has no end",
                    "leases and waits of the run before have no end"));
    while (!open_.empty())
      remove(open_.begin()->first);
  }
  for (Semaphore& semaphore : semaphores_) {
    semaphore.full.reset();
    semaphore.paused = false;
    semaphore.forgiven = false;
    semaphore.excess = 0;
  }
  forget_changes();
  all_paused_ = in_grace_ = resting_ = false;
}

void Verifier::begin(const EventView& event, bool waits, Integer began_us) {
  const std::uint64_t id = id_of(event);
  Peer& peer = peers_[id];
  const auto same = [&](Integer since) { return open_[since].semaphore_no == event.semaphore_no; };
  if (waits ? peer.wait != 0 : std::any_of(peer.leases.begin(), peer.leases.end(), same)) {
    if (!resting_)
      violate(Rule::kPairs, event.seq,
              waits ? "its peer waits already" : "its peer has a lease of this semaphore already");
    const Integer stale =
        waits ? peer.wait : *std::find_if(peer.leases.begin(), peer.leases.end(), same);
    remove(stale);
  }
  Semaphore& semaphore = semaphore_of(event);
  Peer& entry = peers_[id];  // remove() may have moved it
  const Integer count = event.count.value_or(0);
  open_[event.seq] = {id,     event.peer_no, event.semaphore_no,
                      count,  began_us,      event.token,
                      clock_, waits,         static_cast<std::uint8_t>(event.kind_no),
                      false};
  if (waits) {
    entry.wait = event.seq;
    const PeerRow* const row = peer_row(event.peer_no);
    const std::uint64_t client = row == nullptr ? 0 : row->client;
    semaphore.queue[event.seq] = {count, client};
    if (semaphore.order == Order::kFair) semaphore.fair.insert({client, event.seq});
  } else {
    entry.leases.push_back(event.seq);
    semaphore.held += count;
  }
  touch(event.semaphore_no, semaphore);
}

bool Verifier::end(const EventView& event, bool waits, bool any) {
  const auto found = open_.find(event.since_seq);
  if (event.since_seq == 0 || found == open_.end()) {
    if (!resting_)
      violate(Rule::kPairs, event.seq,
              "ends seq " + std::to_string(event.since_seq) + ", which is not open");
    return false;
  }
  const Open& open = found->second;
  const PeerRow* const row = peer_row(event.peer_no);
  const bool same_peer = open.peer_no == event.peer_no || (row != nullptr && row->id == open.id);
  if (!same_peer || open.semaphore_no != event.semaphore_no || open.count != event.count ||
      (!any && open.waits != waits))
    violate(Rule::kPairs, event.seq,
            "ends seq " + std::to_string(event.since_seq) +
                ", which is of another peer, semaphore, count or kind");
  check_span(event, open);
  remove(event.since_seq);
  return true;
}

void Verifier::remove(Integer since_seq) {
  const auto found = open_.find(since_seq);
  THROTTLE_CHECK(found != open_.end());
  const Open open = found->second;
  open_.erase(found);
  Semaphore& semaphore = semaphores_[static_cast<std::size_t>(open.semaphore_no)];
  Peer& peer = peers_[open.id];
  if (open.waits) {
    peer.wait = 0;
    const auto waiter = semaphore.queue.find(since_seq);
    if (waiter != semaphore.queue.end()) {
      semaphore.fair.erase({waiter->second.client, since_seq});
      semaphore.queue.erase(waiter);
    }
  } else {
    std::erase(peer.leases, since_seq);
    semaphore.held -= open.count;
  }
  if (peer.wait == 0 && peer.leases.empty()) peers_.erase(open.id);
  touch(open.semaphore_no, semaphore);
}

// Names are read before the events; a row that refers to none is a violation, and goes to number 0.
Verifier::Semaphore& Verifier::semaphore_of(const EventView& event) {
  if (semaphores_.empty()) semaphores_.resize(1);
  if (event.semaphore_no > 0 && static_cast<std::size_t>(event.semaphore_no) < semaphores_.size())
    return semaphores_[static_cast<std::size_t>(event.semaphore_no)];
  violate(Rule::kFile, event.seq, "it refers to a semaphore that has no name");
  return semaphores_[0];
}

void Verifier::touch(Integer number, Semaphore& semaphore) {
  if (std::exchange(semaphore.changed, true)) return;
  changed_.push_back(number);
}

// What followed them at the same moment is not known.
void Verifier::forget_changes() {
  for (const Integer number : changed_) {
    Semaphore& semaphore = semaphores_[static_cast<std::size_t>(number)];
    semaphore.changed = false;
    semaphore.owed_by = 0;
  }
  changed_.clear();
}

void Verifier::connection(std::int64_t connection_no, std::int64_t peer_no, bool had_place) {
  ++report_.connections;
  if (!had_place || peer_no == 0 || resting_) return;
  const PeerRow* const row = peer_row(peer_no);
  if (row != nullptr && !row->granted)
    violate(Rule::kConnections, connection_no,
            "connection " + std::to_string(connection_no) + " had a place, but its peer no lease");
}

void Verifier::live(const LiveView& live) {
  const auto found = open_.find(live.since_seq);
  if (found == open_.end()) {
    violate(Rule::kLive, live.since_seq, "it is in live, but it ended or never began");
    return;
  }
  Open& open = found->second;
  open.in_live = true;
  if (open.count != live.count || open.semaphore_no != live.semaphore_no ||
      open.peer_no != live.peer_no || open.token != live.token || open.kind_no != live.kind_no)
    violate(Rule::kLive, live.since_seq, "its row in live differs from its beginning");
}

// A run that has not stopped may go on at the very moment of its last row.
Report Verifier::finish() {
  if (stopped_) check_wake_ups(last_seq_);
  for (const auto& [since, open] : open_) {
    ++(open.waits ? report_.waits : report_.leases);
    if (!open.in_live) violate(Rule::kLive, since, "it is open, but not in live");
  }
  if (resting_) reserve(gap_from_us_, last_us_, gap_text_);
  for (Semaphore& semaphore : semaphores_) {
    if (semaphore.name.empty()) continue;
    semaphore.counts.name = semaphore.name;
    report_.last_run.semaphores.push_back(std::move(semaphore.counts));
  }
  return std::move(report_);
}

}  // namespace throttle::journal
