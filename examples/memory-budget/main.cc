// The ledger for another resource than connections: jobs that share 8 GiB of memory. Prints when
// each job would run. There is no socket, no thread and no clock: the caller passes the time in.
//
//   memory-budget
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <iterator>

#include "libthrottle/core/lease_ledger.h"

using namespace throttle;
using namespace std::chrono_literals;

namespace {

struct Job {
  const char* name;
  Count gib;
  std::chrono::seconds length;
};
constexpr Job kJobs[] = {
    {"index", 5, 30s}, {"render", 6, 20s}, {"mail", 1, 5s}, {"report", 2, 10s}};

// Prints what happened since the last call.
void print_events(LeaseLedger& ledger, TimePoint start) {
  for (const LedgerEvent& event : ledger.events()) {
    const bool begins = event.kind == EventKind::kGranted;
    if (!begins && event.kind != EventKind::kLeaseEnded) continue;
    const auto at = std::chrono::round<std::chrono::seconds>(event.at - start);
    std::printf("%2lld s: %s %s\n", static_cast<long long>(at.count()), kJobs[event.peer - 1].name,
                begins ? "starts" : "ends");
  }
  ledger.clear_events();
}

}  // namespace

int main() {
  const TimePoint start{};
  LeaseLedger ledger;
  const SemaphoreSettings memory{.name = "memory", .full_count = 8};
  ledger.configure(start, {&memory, 1});

  // Each job is a peer that holds its lease for its length. Jobs start in their order: "mail" would
  // fit at once, but does not overtake "render".
  for (PeerId peer = 1; peer <= std::size(kJobs); ++peer) {
    const Job& job = kJobs[peer - 1];
    ledger.enroll(start, {.spec = {},
                          .semaphore = "memory",
                          .count = job.gib,
                          .peer = peer,
                          .limits = {.hold = job.length}});
  }
  print_events(ledger, start);

  // A program with a loop of its own would set a timer for next_deadline().
  while (ledger.next_deadline() != kNever) {
    ledger.advance(ledger.next_deadline());
    print_events(ledger, start);
  }
}
