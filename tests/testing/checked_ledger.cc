// Each operation on both sides: do it, let the twin follow, compare, and keep the first violation.
#include "tests/testing/checked_ledger.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "tests/testing/ledger_text.h"

namespace throttle::testing {

namespace {

auto parts(const LedgerEvent& e) {
  return std::tie(e.kind, e.cause, e.refusal, e.semaphore, e.peer, e.count, e.excess, e.token, e.at,
                  e.waited, e.held, e.client, e.label, e.order, e.level, e.max_pending, e.retired);
}

auto parts(const AcquireOutcome& o) {
  return std::tie(o.status, o.peer, o.holds, o.token, o.full_count, o.level, o.held_level);
}

bool same(const LedgerEvent& a, const LedgerEvent& b) {
  return parts(a) == parts(b);
}
bool same(const AcquireOutcome& a, const AcquireOutcome& b) {
  return parts(a) == parts(b);
}
template <typename Status>
bool same(Status a, Status b) {
  return a == b;
}

template <typename Status>
std::string answer_text(Status status) {
  return std::string(name_of(status));
}
std::string answer_text(std::size_t removed) {
  return std::to_string(removed);
}
std::string answer_text(const AcquireOutcome& outcome) {
  return text_of(outcome);
}

// An acquire that came as far as this has renewed its peer.
bool has_renewed(AcquireStatus status) {
  return status != AcquireStatus::kUnknownSemaphore && status != AcquireStatus::kNeverFits &&
         status != AcquireStatus::kUnknownPeer;
}

}  // namespace

CheckedLedger::CheckedLedger(const LeaseLedger::Options& options)
    : real_(options),
      twin_(options),
      witness_(options),
      wake_tolerance_(options.wake_tolerance),
      promised_(real_.next_deadline()) {}

// --- operations ---

// All that is granted is granted under the new settings; the witness knows no others.
void CheckedLedger::configure(TimePoint now, std::span<const SemaphoreSettings> settings) {
  real_.configure(now, settings);
  hear(0);
  twin_.configure(now, settings);
  witness_.configured(real_, settings);
  conclude({});
}

PeerId CheckedLedger::add_peer(TimePoint now, const PeerSpec& spec) {
  const PeerId peer = real_.add_peer(now, spec);
  hear(peer);
  if (twin_.contains(peer)) accuse("the id " + std::to_string(peer) + " is taken");
  if (peer >> 53U != 0) accuse("the id " + std::to_string(peer) + " has more than 53 bits");
  twin_.add_peer(now, spec);
  conclude({.asking = peer, .lives_until = saturating_add(twin_.now(), spec.time_to_live)});
  return peer;
}

Presence CheckedLedger::heartbeat(TimePoint now, PeerId peer, Duration time_to_live) {
  const Presence answer = real_.heartbeat(now, peer, time_to_live);
  const bool renewable = !twin_.is_limited(peer);
  hear(0);
  compare_answers(answer, twin_.heartbeat(now, peer, time_to_live));
  LedgerWitness::Step step;
  if (answer == Presence::kKnown && renewable)
    step = {.asking = peer, .lives_until = saturating_add(twin_.now(), time_to_live)};
  conclude(step);
  return answer;
}

Presence CheckedLedger::remove_peer(TimePoint now, PeerId peer, Cause cause) {
  const Presence answer = real_.remove_peer(now, peer, cause);
  hear(0);
  compare_answers(answer, twin_.remove_peer(now, peer, cause));
  conclude({});
  return answer;
}

AcquireOutcome CheckedLedger::acquire(TimePoint now, const AcquireRequest& request) {
  const AcquireOutcome answer = real_.acquire(now, request);
  const bool renewable = !twin_.is_limited(request.peer);
  hear(0);
  compare_answers(answer, twin_.acquire(now, request));
  LedgerWitness::Step step{.asking = request.peer};
  if (request.expires_in && has_renewed(answer.status) && renewable)
    step.lives_until = saturating_add(twin_.now(), *request.expires_in);
  conclude(step);
  return answer;
}

AcquireOutcome CheckedLedger::enroll(TimePoint now, const EnrollRequest& request) {
  const AcquireOutcome answer = real_.enroll(now, request);
  hear(answer.peer);
  compare_answers(answer, twin_.enroll(now, request));
  LedgerWitness::Step step;
  if (answer.status == AcquireStatus::kAcquired || answer.status == AcquireStatus::kPending) {
    step = {.asking = answer.peer,
            .lives_until = saturating_add(twin_.now(), request.spec.time_to_live)};
  }
  conclude(step);
  return answer;
}

ReleaseStatus CheckedLedger::release(TimePoint now, PeerId peer, std::string_view semaphore,
                                     Cause cause) {
  const ReleaseStatus answer = real_.release(now, peer, semaphore, cause);
  hear(0);
  compare_answers(answer, twin_.release(now, peer, semaphore, cause));
  conclude({});
  return answer;
}

RestoreStatus CheckedLedger::restore(TimePoint now, const RestoreRequest& request) {
  const RestoreStatus answer = real_.restore(now, request);
  const bool renewable = !twin_.is_limited(request.peer);
  hear(0);
  compare_answers(answer, twin_.restore(now, request));
  LedgerWitness::Step step;
  const bool agreed = answer == RestoreStatus::kRestored || answer == RestoreStatus::kAlreadyKnown;
  if (agreed && renewable) {
    step = {.asking = request.peer,
            .lives_until = saturating_add(twin_.now(), request.spec.time_to_live)};
  }
  conclude(step);
  return answer;
}

Presence CheckedLedger::limit_hold(TimePoint now, PeerId peer, Duration hold) {
  const Presence answer = real_.limit_hold(now, peer, hold);
  hear(0);
  compare_answers(answer, twin_.limit_hold(now, peer, hold));
  conclude({.asking = peer});
  return answer;
}

Presence CheckedLedger::end_within(TimePoint now, PeerId peer, Duration span) {
  const Presence answer = real_.end_within(now, peer, span);
  hear(0);
  compare_answers(answer, twin_.end_within(now, peer, span));
  conclude({.asking = peer});
  return answer;
}

bool CheckedLedger::bar(TimePoint now, PeerId peer, Duration span) {
  const bool answer = real_.bar(now, peer, span);
  hear(0);
  if (answer != twin_.bar(now, peer, span)) accuse("a bar is refused");
  conclude({});
  return answer;
}

void CheckedLedger::pause(std::string_view semaphore) {
  real_.pause(semaphore);
  hear(0);
  twin_.pause(semaphore);
  witness_.paused(semaphore);
  conclude({});
}

void CheckedLedger::resume(TimePoint now, std::string_view semaphore) {
  real_.resume(now, semaphore);
  hear(0);
  twin_.resume(now, semaphore);
  witness_.resumed(semaphore);
  conclude({});
}

void CheckedLedger::set_label(PeerId peer, std::string_view label) {
  real_.set_label(peer, label);
  hear(0);
  twin_.set_label(peer, label);
  conclude({});
}

std::size_t CheckedLedger::advance(TimePoint now) {
  const std::size_t removed = real_.advance(now);
  hear(0);
  compare_answers(removed, twin_.advance(now));
  conclude({});
  return removed;
}

// --- comparing ---

void CheckedLedger::hear(PeerId drawn) {
  ++steps_;
  events_.assign(real_.events().begin(), real_.events().end());
  real_.clear_events();
  NaiveLedger::Choices choices{.drawn = drawn, .grants = {}};
  for (const LedgerEvent& event : events_) {
    if (event.kind == EventKind::kGranted) choices.grants.push_back(event.semaphore);
    if (event.kind == EventKind::kWokenLate) choices.late_by = event.waited;
  }
  twin_.follow(std::move(choices));
}

template <typename Answer>
void CheckedLedger::compare_answers(const Answer& real, const Answer& twin) {
  if (proof_ == Proof::kSuspended || same(real, twin)) return;
  accuse("the answer is '" + answer_text(real) + "', the twin's is '" + answer_text(twin) + "'");
}

void CheckedLedger::conclude(const LedgerWitness::Step& step) {
  witness_.begin_step(step);
  witness_.observe(events_);
  if (proof_ == Proof::kEachStep) prove();
  promised_ = real_.next_deadline();
  twin_.clear_events();
}

void CheckedLedger::prove() {
  check_lateness();
  compare_events();
  compare_pictures();
  compare_queues();
  witness_.end_step(real_, twin_.now());
  if (!witness_.violation().empty()) accuse(witness_.violation());
  if (const std::string found = real_.check(); !found.empty()) accuse("check(): " + found);
}

void CheckedLedger::compare_events() {
  const auto expected = twin_.events();
  const bool equal = std::equal(events_.begin(), events_.end(), expected.begin(), expected.end(),
                                [](const auto& a, const auto& b) { return same(a, b); });
  if (!equal) {
    accuse("these events:\n" + text_of(std::span<const LedgerEvent>(events_)) + "the twin's:\n" +
           text_of(expected));
  }
}

void CheckedLedger::compare_pictures() {
  const LedgerPicture real = picture_of_ledger(real_);
  if (real != picture_of_ledger(twin_)) accuse("the ledger looks unlike its twin");
  for (const SemaphorePicture& each : real.semaphores) {
    const auto alone = real_.semaphore(each.name);
    if (!alone || picture_of(*alone).acquired != each.acquired)
      accuse(each.name + " looks different alone and among the others");
  }
  const TimePoint next = real_.next_deadline();
  if (next > twin_.next_deadline()) accuse("next_deadline() is too late");
  if (next <= twin_.now()) accuse("next_deadline() is now or past: its owner would spin");
}

// A turn is late if and only if it comes too long after the promise.
void CheckedLedger::check_lateness() {
  const bool is_late = twin_.now() > saturating_add(promised_, wake_tolerance_);
  const bool noticed = std::any_of(events_.begin(), events_.end(), [this](const auto& event) {
    return event.kind == EventKind::kWokenLate && event.waited == event.at - promised_;
  });
  if (is_late != noticed) accuse(noticed ? "not late, but noticed" : "late, but not noticed");
}

// A walk in slices shows the same queue as queue(), which starts with the twin's head.
void CheckedLedger::compare_queues() {
  for (const SemaphoreState& state : real_.semaphores()) {
    std::vector<PeerId> walked;
    const auto add = [&](const PeerState& peer) {
      walked.push_back(peer.id);
      if (!peer.pending || peer.pending->semaphore != state.name) accuse("one waits elsewhere");
    };
    for (QueueCursor cursor; !cursor.ended();)
      cursor = real_.visit_queue(state.name, std::move(cursor), 2, add);
    if (walked != real_.queue(state.name)) accuse("the queue in slices is another");
  }
}

void CheckedLedger::accuse(const std::string& what) {
  if (!violation_.empty()) return;
  violation_ = "step " + std::to_string(steps_) + " at " + text_of(twin_.now()) + ": " + what +
               "\nthe ledger:\n" + text_of(picture_of_ledger(real_)) + "its twin:\n" +
               text_of(picture_of_ledger(twin_));
}

}  // namespace throttle::testing
