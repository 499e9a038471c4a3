// The stages of a visitor, what is valid in each, and which steps lead from one to another.
//
//   kArrived ──► kHeader ──► kSilent ──► kWaiting ──► kAdmitted ──► kEnded
//
// A step may skip stages before kWaiting, and no step leads back. A visitor can be removed in any
// stage.
//
//   stage      in the ledger   deadline   permit of its client   who may remove it
//   kArrived   no              no         no                     the gate
//   kHeader    no              yes        no                     the gate
//   kSilent    no              perhaps    yes                    the gate
//   kWaiting   yes, waits      the        yes                    the gate
//   kAdmitted  yes, holds      ledger's   yes                    the owner of its place
//   kEnded     holds nothing   no         yes                    the owner of its place
//
// What the table says of the ledger is what the ledger has reported. The ledger may be ahead by the
// events of the present turn: a visitor in kWaiting may hold its lease already, and one in
// kAdmitted may have lost it. So a removal does not ask whether the peer is there.
#include "libthrottle/gate/roster.h"

#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::gate {
namespace {

constexpr unsigned bit(Stage stage) {
  return 1U << static_cast<unsigned>(stage);
}

// The stages that each one leads to.
constexpr std::array<unsigned, kStages> kSteps = {
    bit(Stage::kHeader) | bit(Stage::kSilent) | bit(Stage::kWaiting),  // kArrived
    bit(Stage::kSilent) | bit(Stage::kWaiting),                        // kHeader
    bit(Stage::kWaiting),                                              // kSilent
    bit(Stage::kAdmitted),                                             // kWaiting
    bit(Stage::kEnded),                                                // kAdmitted
    0U,                                                                // kEnded
};

bool is_enrolled(Stage stage) {
  return stage >= Stage::kWaiting;
}

}  // namespace

Visitor& Roster::add(std::unique_ptr<Visitor> visitor, const SocketAddress& client, TimePoint now) {
  THROTTLE_CHECK(visitor != nullptr && visitor->stage_ == Stage::kArrived);
  const Visitor::Slot slot = visitors_.allocate();
  visitors_[slot] = std::move(visitor);
  Visitor& added = *visitors_[slot];
  added.slot_ = slot;
  added.visit_.client = client;
  added.visit_.accepted = now;
  ++count_of(Stage::kArrived);
  return added;
}

void Roster::move(Visitor& visitor, Stage to) {
  THROTTLE_CHECK(&at(visitor.slot_) == &visitor);
  THROTTLE_CHECK((kSteps[static_cast<std::size_t>(visitor.stage_)] & bit(to)) != 0);
  THROTTLE_CHECK(is_enrolled(to) == (visitor.visit_.peer != 0));
  THROTTLE_CHECK(count(visitor.stage_) > 0);
  --count_of(visitor.stage_);
  ++count_of(to);
  visitor.stage_ = to;
}

void Roster::set_peer(Visitor& visitor, PeerId peer) {
  THROTTLE_CHECK(peer != 0 && visitor.visit_.peer == 0);
  visitor.visit_.peer = peer;
  const bool added = by_peer_.emplace(peer, visitor.slot_).second;
  THROTTLE_CHECK(added);
}

void Roster::change_peer(Visitor& visitor, PeerId peer) {
  THROTTLE_CHECK(visitor.stage_ == Stage::kWaiting);
  THROTTLE_CHECK(by_peer_.erase(visitor.visit_.peer) == 1);
  visitor.visit_.peer = 0;
  set_peer(visitor, peer);
}

// A visitor may be destroyed from within a call of its own, so it is out of the slab by then.
void Roster::remove(Visitor& visitor) {
  THROTTLE_CHECK(&at(visitor.slot_) == &visitor);
  THROTTLE_CHECK(count(visitor.stage_) > 0);
  --count_of(visitor.stage_);
  if (visitor.visit_.peer != 0) THROTTLE_CHECK(by_peer_.erase(visitor.visit_.peer) == 1);
  const std::unique_ptr<Visitor> removed = std::move(visitors_[visitor.slot_]);
  visitors_.release(removed->slot_);
}

Visitor& Roster::at(Visitor::Slot slot) {
  THROTTLE_CHECK(slot < visitors_.capacity() && visitors_[slot] != nullptr);
  return *visitors_[slot];
}

Visitor* Roster::find(PeerId peer) const {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return nullptr;
  THROTTLE_CHECK(visitors_[found->second] != nullptr);
  return visitors_[found->second].get();
}

const Visitor* Roster::in_slot(std::size_t slot) const {
  THROTTLE_CHECK(slot < slots());
  return visitors_[static_cast<Visitor::Slot>(slot)].get();
}

std::vector<Visitor*> Roster::all() const {
  std::vector<Visitor*> present;
  present.reserve(visitors_.size());
  for (Visitor::Slot slot = 0; slot < visitors_.capacity(); ++slot)
    if (visitors_[slot]) present.push_back(visitors_[slot].get());
  return present;
}

std::string Roster::check() const {
  std::array<std::size_t, kStages> counts{};
  std::size_t peers = 0;
  for (const Visitor* visitor : all()) {
    ++counts[static_cast<std::size_t>(visitor->stage_)];
    if (is_enrolled(visitor->stage_) != (visitor->visit_.peer != 0)) return "a stage without peer";
    if (visitor->visit_.peer == 0) continue;
    ++peers;
    const auto found = by_peer_.find(visitor->visit_.peer);
    if (found == by_peer_.end() || found->second != visitor->slot_) return "a peer leads elsewhere";
  }
  if (counts != counts_) return "a count of a stage is wrong";
  return peers == by_peer_.size() ? "" : "a peer without visitor";
}

}  // namespace throttle::gate
