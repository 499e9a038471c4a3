// The replay: a map of what is open, by the number of its beginning.
#include "tests/journal/replay.h"

#include <algorithm>

#include "libthrottle/journal/schema.h"

namespace throttle::journal {

void Replay::take(const Rows& rows) {
  for (const NameRow& row : rows.semaphores)
    semaphores_[row.number] = row.name;
  for (const PeerRow& row : rows.peers)
    peers_[row.peer_no] = static_cast<std::uint64_t>(row.id);
  for (const EventRow& row : rows.events)
    take(row);
  for (const LiveRow& row : rows.opened)
    live_[row.since_seq] = row.count;
  for (const Integer since : rows.closed) {
    if (live_.erase(since) != 1 && violation_.empty()) violation_ = "closed what is not in live";
  }
  std::map<Integer, Integer> open;
  for (const auto& [since, entry] : open_)
    open[since] = entry.count;
  if (open != live_ && violation_.empty()) violation_ = "live differs from the replay";
}

void Replay::take(const EventRow& row) {
  const auto kind = static_cast<Kind>(row.kind_no);
  if (kind == Kind::kGap) {
    missing_ += static_cast<std::size_t>(row.count.value_or(0));
    last_seq_ += row.count.value_or(0);
    in_gap_ = true;
  }
  if (row.seq != last_seq_ + 1) accuse(row, "a hole");
  last_seq_ = row.seq;
  switch (kind) {
    case Kind::kQueued:
    case Kind::kFoundWaiting:
      return begin(row, true);
    case Kind::kGranted:
      if (row.since_seq) end(row);
      return begin(row, false);
    case Kind::kRestored:
    case Kind::kFound:
      return begin(row, false);
    case Kind::kWaitEnded:
    case Kind::kLeaseEnded:
    case Kind::kMissed:
      return end(row);
    case Kind::kGapClosed:
      in_gap_ = false;
      return;
    default:
      return;
  }
}

void Replay::begin(const EventRow& row, bool waits) {
  if (!peers_.contains(row.peer_no.value_or(0))) return accuse(row, "no row of its peer");
  open_[row.seq] = {.peer = peers_[*row.peer_no],
                    .semaphore = semaphores_[row.semaphore_no.value_or(0)],
                    .count = row.count.value_or(-1),
                    .token = row.token.value_or(0),
                    .waits = waits,
                    .at_us = row.at_us};
}

void Replay::end(const EventRow& row) {
  if (!row.since_seq && in_gap_) return;
  const auto found = open_.find(row.since_seq.value_or(0));
  if (found == open_.end()) return accuse(row, "ends what is not open");
  const Entry& entry = found->second;
  if (entry.peer != peers_[row.peer_no.value_or(0)] || entry.count != row.count ||
      entry.semaphore != semaphores_[row.semaphore_no.value_or(0)])
    accuse(row, "ends something else");
  open_.erase(found);
}

void Replay::accuse(const EventRow& row, const std::string& what) {
  if (violation_.empty()) violation_ = "seq " + std::to_string(row.seq) + ": " + what;
}

std::vector<std::string> Replay::lines() const {
  std::vector<std::string> lines;
  for (const auto& [since, entry] : open_) {
    lines.push_back(std::to_string(entry.peer) + (entry.waits ? " waits " : " holds ") +
                    std::to_string(entry.count) + " of " + entry.semaphore + " " +
                    std::to_string(entry.token));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> Replay::lines_of(const testing::LedgerPicture& picture) {
  std::vector<std::string> lines;
  for (const testing::PeerPicture& peer : picture.peers) {
    for (const testing::LeasePicture& lease : peer.leases)
      lines.push_back(std::to_string(peer.id) + " holds " + std::to_string(lease.count) + " of " +
                      lease.semaphore + " " + std::to_string(lease.token));
    if (peer.pending)
      lines.push_back(std::to_string(peer.id) + " waits " + std::to_string(peer.pending->count) +
                      " of " + peer.pending->semaphore + " 0");
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace throttle::journal
