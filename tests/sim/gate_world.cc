// The weather of the gates: what happens in a turn, and what must hold at its end.
#include "tests/sim/gate_world.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace throttle::testing {

using namespace std::chrono_literals;

namespace {

const std::vector<std::string>& names() {
  static const std::vector<std::string> kNames{"office", "printer"};
  return kNames;
}

}  // namespace

GateWorld::GateWorld(std::uint64_t seed, Order order)
    : random_(seed), order_(order), now_(1000h), ledger_({.seed = random_(), .start = now_}) {
  limits_.assign(names().size(), 2);
  most_.assign(names().size(), 0);
  configure();
  settle();
  const gate::Options plain{.semaphore = names()[0], .label = "plain"};
  gate::Options balanced = plain;
  balanced.accept_proxy = {*IpNetwork::parse("10.0.0.0/8")};
  balanced.proxy_header_timeout = 50ms;
  balanced.max_silent = 3;
  balanced.silence_timeout = 80ms;
  gate::Options other = plain;
  other.semaphore = names()[1];
  doors_.push_back(std::make_unique<FakeDoor>(*this, plain, 3));
  doors_.push_back(std::make_unique<FakeDoor>(*this, balanced, 0));
  doors_.push_back(std::make_unique<FakeDoor>(*this, other, 2));
}

GateWorld::~GateWorld() {
  settling_ = true;  // nothing is handed on any more
}

// Time passes within a call if the loop is busy.
TimePoint GateWorld::clock() {
  if (happens(5)) now_ += 1ms * below(40);
  return now_;
}

void GateWorld::changed() {
  if (order_ == Order::kWithinEachChange) settle();
}

// An observer that changes something in the order of old settles in vain: it is in a settle().
void GateWorld::settle() {
  if (std::exchange(settling_, true)) return;
  hub_.settle();
  settling_ = false;
}

void GateWorld::turn() {
  now_ += 1ms * below(20);
  if (happens(80)) ledger_.advance(now_);
  for (const auto& door : doors_)
    door->advance();
  for (std::size_t actions = 1 + below(6); actions > 0; --actions)
    act();
  settle();
  check();
}

void GateWorld::act() {
  if (happens(20)) return act_over_http();
  if (!peace_ && happens(3)) {
    for (Count& limit : limits_)
      limit = static_cast<Count>(below(4));
    configure();
    return changed();
  }
  act_on(*doors_[below(doors_.size())]);
}

void GateWorld::act_on(FakeDoor& door) {
  if (!peace_ && happens(30)) return door.arrive();
  switch (below(peace_ ? 6 : 10)) {
    case 0:
      return door.end_hook();
    case 1:
      return door.end_dial();
    case 2:
      return door.end_relay();
    case 3:
      return door.end_restart();
    case 4:
      return door.end_probe();
    case 5:
      return happens(20) ? door.stop_draining() : door.end_hook();
    case 6:
      return door.send();
    case 7:
      return door.leave_early();
    case 8:
      return door.leave_late();
    default:
      return door.reload();
  }
}

PeerId GateWorld::any_peer() {
  std::vector<PeerId> peers = jobs_;
  for (const auto& door : doors_)
    std::ranges::copy(door->peers(), std::back_inserter(peers));
  return peers.empty() ? 0 : peers[below(peers.size())];
}

// A request: what happened before is handed on before it, and what it did right after it.
void GateWorld::act_over_http() {
  ledger_.advance(clock());
  settle();
  const PeerId peer = any_peer();
  const std::string& semaphore = names()[below(names().size())];
  switch (below(4)) {
    case 0:
      if (peace_) break;
      jobs_.push_back(
          ledger_
              .enroll(clock(),
                      {.spec = {.time_to_live = 1ms * below(300), .address = {}, .label = {}},
                       .semaphore = semaphore})
              .peer);
      break;
    case 1:
      ledger_.heartbeat(clock(), peer, 1ms * (1 + below(30)));
      break;
    case 2:
      ledger_.release(clock(), peer, semaphore);
      break;
    default:
      if (happens(30)) ledger_.remove_peer(clock(), peer);
  }
  std::erase_if(jobs_, [this](PeerId job) { return !ledger_.contains(job); });
  settle();
}

void GateWorld::configure() {
  std::vector<SemaphoreSettings> settings;
  for (std::size_t i = 0; i < names().size(); ++i) {
    most_[i] = std::max(most_[i], limits_[i]);
    settings.push_back({.name = names()[i], .full_count = limits_[i], .max_pending = 20});
  }
  ledger_.configure(clock(), settings);
}

void GateWorld::make_peace() {
  peace_ = true;
  limits_.assign(names().size(), 2);
  configure();
  for (const auto& door : doors_)
    door->make_peace();
  for (const PeerId job : std::exchange(jobs_, {}))
    ledger_.remove_peer(now_, job);
  settle();
}

bool GateWorld::is_over() const {
  const bool empty = std::ranges::all_of(doors_, [](const auto& door) { return door->is_empty(); });
  return empty && ledger_.peer_count() == 0 && answers_.size() == clients_;
}

void GateWorld::answered(std::uint16_t client) {
  if (++answers_[client] > 1) accuse("client " + std::to_string(client) + " was answered twice");
}

void GateWorld::admitted(const std::string& semaphore, const gate::Visit& visit) {
  ++admissions_;
  TimePoint& latest = latest_enrolment_[semaphore];
  if (visit.enrolled < latest) accuse("a visitor overtook another one");
  latest = visit.enrolled;
  if (visit.granted < visit.enrolled) accuse("a visitor was admitted before it came");
  if (answers_.contains(visit.client.port)) accuse("a visitor was admitted after its end");
}

void GateWorld::check() {
  if (const std::string violation = ledger_.check(); !violation.empty()) return accuse(violation);
  std::size_t visitors = 0;
  for (const auto& door : doors_) {
    if (const std::string violation = door->check(); !violation.empty()) accuse(violation);
    visitors += door->peers().size();
  }
  std::erase_if(jobs_, [this](PeerId job) { return !ledger_.contains(job); });
  if (ledger_.peer_count() != visitors + jobs_.size()) accuse("a peer belongs to nobody");
  for (std::size_t i = 0; i < names().size(); ++i) {
    const Count acquired = ledger_.semaphore(names()[i])->acquired;
    if (acquired > most_[i]) accuse("more are admitted than may be");
    most_[i] = std::max(limits_[i], acquired);
  }
}

}  // namespace throttle::testing
