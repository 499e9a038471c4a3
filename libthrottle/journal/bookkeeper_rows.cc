// The bookkeeper's rows: their numbers and times, names and peers that a row refers to, and what is
// handed over at the end of a batch.
#include <algorithm>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/bookkeeper.h"
#include "libthrottle/journal/details.h"

namespace throttle::journal {

namespace {

constexpr Integer kDayUs = 86'400'000'000;
constexpr Integer kRefusalWindowUs = 10'000'000;
constexpr std::size_t kNetworkV4 = 15;  // bytes that are kept: /24 of the mapped form
constexpr std::size_t kNetworkV6 = 6;   // /48

// The address with the bits of the host cleared; without the user of a Unix socket.
IpAddress network_of(const IpAddress& ip) {
  if (ip.is_unix()) return IpAddress::of_unix(std::nullopt);
  IpAddress::Bytes bytes = ip.bytes();
  std::fill(bytes.begin() + (ip.is_v4() ? kNetworkV4 : kNetworkV6), bytes.end(), std::uint8_t{0});
  return IpAddress::from_v6(bytes);
}

}  // namespace

Integer Bookkeeper::to_wall_us(TimePoint at) const {
  using std::chrono::floor;
  using std::chrono::microseconds;
  return anchor_.wall_us + floor<microseconds>(at - anchor_.steady).count();
}

EventRow& Bookkeeper::add_event(Kind kind, TimePoint at) {
  last_at_ = std::max(last_at_, at);
  return add_event_us(kind, to_wall_us(at));
}

EventRow& Bookkeeper::add_event_us(Kind kind, Integer at_us) {
  THROTTLE_CHECK(has_file_);
  EventRow& row = rows_.events.emplace_back();
  row.seq = ++last_.seq;
  row.at_us = last_us_ = std::max(last_us_, at_us);
  row.kind_no = static_cast<Integer>(kind);
  return row;
}

// Belongs to the latest row.
void Bookkeeper::add_detail(std::string json) {
  rows_.details.push_back({last_.seq, std::move(json)});
}

// On one anchor a span is the difference of its row's times, to the microsecond; after a step of
// the wall clock only the monotonic one is right.
Integer Bookkeeper::span_of(const Open& open, Integer at_us, TimePoint at) const {
  if (open.clock == clock_) return at_us - open.since_us;
  return std::chrono::floor<std::chrono::microseconds>(at - open.since).count();
}

void Bookkeeper::add_configured(TimePoint at, SemaphoreIndex index) {
  const SemaphoreSlot& slot = semaphore_slot(index);
  THROTTLE_CHECK(slot.configured);
  EventRow& row = add_event(Kind::kConfigured, at);
  row.semaphore_no = semaphore_number(index);
  row.count = slot.full_count;
  add_detail(configured_json(slot.settings));
}

Bookkeeper::SemaphoreSlot& Bookkeeper::semaphore_slot(SemaphoreIndex index) {
  THROTTLE_CHECK(index != kNoSemaphore);
  if (index >= semaphores_.size()) semaphores_.resize(index + 1);
  return semaphores_[index];
}

// Numbers are given in the order in which rows first refer to them: the verifier relies on it.
Integer Bookkeeper::semaphore_number(SemaphoreIndex index) {
  SemaphoreSlot& slot = semaphore_slot(index);
  if (slot.number == 0) {
    Integer& number = semaphore_numbers_[slot.settings.name];
    if (number == 0) {
      number = ++last_.semaphore_no;
      rows_.semaphores.push_back({number, slot.settings.name});
    }
    slot.number = number;
  }
  return slot.number;
}

Integer Bookkeeper::proxy_number(const std::string& name) {
  Integer& number = proxy_numbers_[name];
  if (number == 0) {
    number = ++last_.proxy_no;
    rows_.proxies.push_back({number, name});
  }
  return number;
}

// A row that is a day old is written again, so that retention can delete old ones.
Integer Bookkeeper::peer_number(PeerSlot slot, Integer at_us) {
  PeerEntry& peer = peers_[slot];
  if (peer.peer_no != 0 && at_us - peer.row_at_us < kDayUs) return peer.peer_no;
  PeerRow& row = rows_.peers.emplace_back();
  row.peer_no = peer.peer_no = ++last_.peer_no;
  peer.row_at_us = at_us;
  row.run_no = last_.run_no;
  row.id = static_cast<Integer>(peer.id);
  row.client = client_text(peer.address);
  const bool has_port = privacy_.clients == Clients::kFull && !peer.address.ip.is_unix();
  if (row.client && has_port) row.port = peer.address.port;
  if (privacy_.labels && !peer.label.empty()) row.label = peer.label;
  return peer.peer_no;
}

MaybeText Bookkeeper::client_text(const SocketAddress& address) const {
  if (privacy_.clients == Clients::kNone || address.ip == IpAddress()) return std::nullopt;
  if (privacy_.clients == Clients::kFull) return address.ip.to_string();
  if (address.ip.is_unix()) return network_of(address.ip).to_string();
  return network_of(address.ip).to_string() + (address.ip.is_v4() ? "/24" : "/48");
}

void Bookkeeper::flush_refusals(TimePoint now, Refusals which) {
  const Integer now_us = to_wall_us(now);
  for (auto at = refusals_.begin(); at != refusals_.end();) {
    const auto& [key, sum] = *at;
    if (which == Refusals::kDue && now_us - sum.from_us < kRefusalWindowUs &&
        now_us >= sum.from_us) {
      ++at;
      continue;
    }
    RefusalRow& row = rows_.refusals.emplace_back();
    row.refusal_no = ++last_.refusal_no;
    row.from_us = sum.from_us;
    row.to_us = sum.to_us;
    if (key.semaphore != kNoSemaphore) row.semaphore_no = semaphore_number(key.semaphore);
    if (!key.proxy.empty()) row.proxy_no = proxy_number(key.proxy);
    row.reason = key.reason;
    row.count = sum.count;
    row.last_client = client_text(sum.last);
    at = refusals_.erase(at);
  }
}

Rows Bookkeeper::take_rows() {
  for (const OpenSlot slot : fresh_) {
    Open& open = opens_[slot];
    if (open.since_seq == 0 || !open.fresh) continue;  // it ended, or the slot was used again
    open.fresh = false;
    LiveRow& row = rows_.opened.emplace_back();
    row.since_seq = open.since_seq;
    row.kind_no = static_cast<Integer>(open.kind);
    row.since_us = open.since_us;
    row.semaphore_no = semaphore_number(open.semaphore);
    row.peer_no = open.peer_no;
    row.count = open.count;
    if (open.token != 0) row.token = static_cast<Integer>(open.token);
    THROTTLE_CHECK(row.peer_no != 0);
  }
  fresh_.clear();
  std::sort(rows_.opened.begin(), rows_.opened.end(),
            [](const LiveRow& a, const LiveRow& b) { return a.since_seq < b.since_seq; });
  ++last_.batch_no;
  rows_.last = last_;
  return std::exchange(rows_, {});
}

}  // namespace throttle::journal
