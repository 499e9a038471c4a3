// Rows as views, in the order in which a file has them.
#include "tests/journal/memory_verifier.h"

namespace throttle::journal {

void MemoryVerifier::take(const Rows& rows) {
  for (const NameRow& row : rows.semaphores)
    verifier_.semaphore(row.number, row.name);
  if (rows.run)
    verifier_.begin_run({rows.run->run_no, static_cast<std::uint64_t>(rows.run->id), 0});
  for (const PeerRow& row : rows.peers)
    verifier_.peer(row.peer_no, static_cast<std::uint64_t>(row.id), row.client.value_or(""));
  auto detail = rows.details.begin();
  for (const EventRow& row : rows.events) {
    while (detail != rows.details.end() && detail->seq < row.seq)
      ++detail;
    const bool has_detail = detail != rows.details.end() && detail->seq == row.seq;
    verifier_.event({.seq = row.seq,
                     .at_us = row.at_us,
                     .kind_no = row.kind_no,
                     .semaphore_no = row.semaphore_no.value_or(0),
                     .peer_no = row.peer_no.value_or(0),
                     .count = row.count,
                     .cause_no = row.cause_no.value_or(0),
                     .span_us = row.span_us,
                     .since_seq = row.since_seq.value_or(0),
                     .token = row.token.value_or(0),
                     .excess = row.excess},
                    has_detail ? detail->json : std::string());
  }
  for (const LiveRow& row : rows.opened)
    live_[row.since_seq] = row;
  for (const Integer since : rows.closed)
    live_.erase(since);
}

std::string MemoryVerifier::finish() {
  for (const auto& [since, row] : live_)
    verifier_.live(
        {since, row.kind_no, row.semaphore_no, row.peer_no, row.count, row.token.value_or(0)});
  const Report report = verifier_.finish();
  std::string text;
  for (const Violation& each : report.violations)
    text += std::string(rule_name(each.rule)) + " seq " + std::to_string(each.seq) + ": " +
            each.text + "\n";
  return text;
}

}  // namespace throttle::journal
