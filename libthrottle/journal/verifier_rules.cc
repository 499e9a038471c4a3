// The verifier's rules, a function each. Each says in its comment when it rests.
#include <algorithm>
#include <cstdlib>

#include "libthrottle/journal/schema.h"
#include "libthrottle/journal/verifier.h"

namespace throttle::journal {

// Numbers follow each other; a gap names those that are missing before it.
void Verifier::check_hole(const EventView& event) {
  const Integer expected = last_seq_ + 1;
  last_seq_ = event.seq;
  if (event.seq == expected) return;
  const bool named = event.kind_no == static_cast<Integer>(Kind::kGap) &&
                     event.since_seq == expected && event.count == event.seq - expected;
  if (!named)
    violate(Rule::kHole, event.seq,
            "the numbers from " + std::to_string(expected) + " on are missing, and no gap says so");
}

// Times never fall in a run, except at a step of the clock. When the time moves on, all that could
// be granted has been.
void Verifier::check_time(const EventView& event) {
  if (report_.first_us == 0) report_.first_us = event.at_us;
  const bool step = event.kind_no == static_cast<Integer>(Kind::kClockStepped);
  if (step) ++clock_;
  if (time_known_ && event.at_us < last_us_ && !step)
    violate(Rule::kTime, event.seq,
            "its time is " + std::to_string(last_us_ - event.at_us) + " us before the row's above");
  // A step is the writer's own row: it may stand between two rows of one moment of the ledger.
  const bool gap = event.kind_no == static_cast<Integer>(Kind::kGap);
  const bool stepped = std::exchange(stepped_, step);
  if (event.at_us != last_us_ && !gap && !step && !stepped) check_wake_ups(event.seq);
  last_us_ = report_.last_us = event.at_us;
  time_known_ = true;
}

// A span is the time since the beginning, unless the wall clock stepped in between.
void Verifier::check_span(const EventView& event, const Open& open) {
  if (!event.span_us || open.clock != clock_) return;
  if (event.cause_no == static_cast<Integer>(EndCause::kLost)) return;  // of another run
  const Integer expected = event.at_us - open.began_us;
  if (std::abs(*event.span_us - expected) > 1)
    violate(Rule::kTime, event.seq,
            "its span is " + std::to_string(*event.span_us) + " us, but it began " +
                std::to_string(expected) + " us before");
}

// A head that fits does not wait. Rests in a gap, while paused, in a grace, where the semaphore is
// not configured or over its limit; of a fair queue the head is not known.
void Verifier::check_wake_ups(Integer seq) {
  for (const Integer number : changed_) {
    Semaphore& semaphore = semaphores_[static_cast<std::size_t>(number)];
    semaphore.changed = false;
    check_owed(semaphore);
    if (resting_ || in_grace_ || all_paused_ || semaphore.paused || semaphore.forgiven) continue;
    if (!semaphore.full || semaphore.queue.empty() || order_rests(semaphore)) continue;
    if (semaphore.order != Order::kFifo && semaphore.order != Order::kLifo) continue;
    const auto head = semaphore.order == Order::kFifo ? semaphore.queue.begin()
                                                      : std::prev(semaphore.queue.end());
    if (semaphore.held + head->second.count <= *semaphore.full)
      violate(Rule::kWakeUps, seq,
              "seq " + std::to_string(head->first) + " waits for " +
                  std::to_string(head->second.count) + " of " + semaphore.name + ", where " +
                  std::to_string(*semaphore.full - semaphore.held) + " are free");
  }
  changed_.clear();
}

// A grant fits into the full count in force. Rests in a gap.
void Verifier::check_limit(const EventView& event, Semaphore& semaphore) {
  const Integer count = event.count.value_or(0);
  if (resting_ || semaphore.forgiven) return;
  std::string why;
  if (!semaphore.full) {
    why = "is not configured";
  } else if (semaphore.held + count > *semaphore.full) {
    why = "has " + std::to_string(*semaphore.full) + ", of which " +
          std::to_string(semaphore.held) + " are held";
  } else if (all_paused_ || semaphore.paused) {
    why = "is paused";
  } else if (in_grace_) {
    why = "grants nothing during the grace";
  }
  if (why.empty()) return;
  violate(Rule::kLimit, event.seq,
          std::to_string(count) + " granted of " + semaphore.name + ", which " + why);
  semaphore.forgiven = true;
}

// Which wait is served. Rests in a gap, and until the waits from before it are gone.
void Verifier::check_order(const EventView& event, const Semaphore& semaphore) {
  if (resting_ || order_rests(semaphore) || semaphore.queue.empty()) return;
  const auto overtakes = [&](Integer first) {
    violate(Rule::kOrder, event.seq,
            "granted of " + semaphore.name + " before seq " + std::to_string(first) +
                ", whose turn it is");
  };
  if (event.since_seq == 0) {
    // What asks for nothing takes nothing from the others.
    if (semaphore.order == Order::kFifo && event.count.value_or(0) > 0)
      overtakes(semaphore.queue.begin()->first);
    return;
  }
  const auto self = semaphore.queue.find(event.since_seq);
  if (self == semaphore.queue.end()) return;  // rule 5 says so
  if (semaphore.order == Order::kFifo && self != semaphore.queue.begin())
    overtakes(semaphore.queue.begin()->first);
  if (semaphore.order == Order::kLifo && std::next(self) != semaphore.queue.end())
    overtakes(std::prev(semaphore.queue.end())->first);
  if (semaphore.order == Order::kFair && self->second.client != 0) {
    const auto oldest = semaphore.fair.lower_bound({self->second.client, 0});
    if (oldest != semaphore.fair.end() && oldest->second != event.since_seq)
      overtakes(oldest->second);
  }
}

bool Verifier::order_rests(const Semaphore& semaphore) const {
  return !semaphore.queue.empty() && semaphore.queue.begin()->first < order_rests_below_;
}

// Nobody asks at or above the least level it holds. Rests in a gap.
void Verifier::check_hierarchy(const EventView& event, const Semaphore& semaphore) {
  if (resting_) return;
  const auto peer = peers_.find(id_of(event));
  if (peer == peers_.end()) return;
  for (const Integer since : peer->second.leases) {
    const Semaphore& held = semaphores_[static_cast<std::size_t>(open_[since].semaphore_no)];
    if (held.level > semaphore.level) continue;
    violate(Rule::kHierarchy, event.seq,
            "asks for " + semaphore.name + " of level " + std::to_string(semaphore.level) +
                " while it holds " + held.name + " of level " + std::to_string(held.level));
    return;
  }
}

// Tokens rise from grant to grant. A fall between two runs shows a clock that was set back.
void Verifier::check_token(const EventView& event) {
  const bool first = std::exchange(first_token_of_run_, false);
  if (event.token > last_token_) {
    last_token_ = event.token;
    return;
  }
  if (first && run_no_ > 1) {
    reserve(event.at_us, event.at_us,
            "the tokens of run " + std::to_string(run_no_) + " begin below those before it");
    last_token_ = event.token;
    return;
  }
  violate(Rule::kTokens, event.seq,
          "its token is " + std::to_string(event.token) + ", after " + std::to_string(last_token_));
}

Verifier::Integer Verifier::excess_of(const Semaphore& semaphore) {
  if (!semaphore.full) return 0;
  return std::max<Integer>(0, semaphore.held - std::max<Integer>(0, *semaphore.full));
}

// What a restore or a row of kind `excess` says is so. Rests in a gap.
void Verifier::check_excess(const EventView& event, Semaphore& semaphore) {
  semaphore.owed_by = event.kind_no == static_cast<Integer>(Kind::kExcess) ? 0 : semaphore.owed_by;
  if (resting_ || semaphore.forgiven) return;
  const Integer total = excess_of(semaphore);
  const bool restored = event.kind_no == static_cast<Integer>(Kind::kRestored);
  const Integer expected = restored ? std::min(total, event.count.value_or(0)) : total;
  if (event.excess.value_or(0) == expected) return;
  violate(Rule::kOverCommit, event.seq,
          "its excess is " + std::to_string(event.excess.value_or(0)) + ", but " +
              std::to_string(expected) + " of " + semaphore.name +
              " are held beyond the full count");
}

// Where an excess begins, grows or ends, a row says so at the same moment. Rests in a gap, and for
// what the ledger did not do: the ends of a stop and of a lost run.
void Verifier::expect_excess(const EventView& event, Semaphore& semaphore) {
  check_owed(semaphore);
  const Integer excess = excess_of(semaphore);
  const Integer before = std::exchange(semaphore.excess, excess);
  const auto cause = static_cast<EndCause>(event.cause_no);
  const bool own = cause == EndCause::kStopped || cause == EndCause::kLost;
  if (own || resting_ || semaphore.forgiven) return;
  if (excess > before || (excess == 0 && before > 0)) semaphore.owed_by = event.seq;
}

void Verifier::check_owed(Semaphore& semaphore) {
  const Integer seq = std::exchange(semaphore.owed_by, 0);
  if (seq == 0 || resting_) return;
  violate(Rule::kOverCommit, seq,
          "the excess of " + semaphore.name + " began, grew or ended, and no row says so");
}

// Intervals in which more is held than the full count. Those that a restore or a configuration
// begins are declared; a grant that does so was named by the rule of the limit.
void Verifier::update_over(const EventView& event, Semaphore& semaphore, std::string_view cause) {
  expect_excess(event, semaphore);
  const Integer over = semaphore.excess;
  if (over == 0) {
    semaphore.forgiven = false;
    if (semaphore.over >= 0)
      report_.overcommits[static_cast<std::size_t>(semaphore.over)].to_us = event.at_us;
    semaphore.over = -1;
    return;
  }
  if (semaphore.over < 0) {
    if (cause != "restored" && cause != "configured" && !resting_ && !semaphore.forgiven) {
      violate(Rule::kOverCommit, event.seq,
              std::to_string(over) + " of " + semaphore.name +
                  " are held beyond the full count, and neither a restore nor a configuration "
                  "declares it");
      semaphore.forgiven = true;
    }
    semaphore.over = static_cast<int>(report_.overcommits.size());
    OverCommit& interval = report_.overcommits.emplace_back();
    interval.from_us = event.at_us;
    interval.seq = event.seq;
    interval.semaphore = semaphore.name;
    interval.full = *semaphore.full;
    interval.cause = cause;
  }
  OverCommit& interval = report_.overcommits[static_cast<std::size_t>(semaphore.over)];
  interval.peak = std::max(interval.peak, semaphore.held);
  if (cause == "restored") interval.peers.insert(id_of(event));
}

}  // namespace throttle::journal
