// Every visitor of a gate, with the one function that moves a visitor from stage to stage.
//
// Invariants: the counts of the stages add up to the visitors; a peer leads to the visitor that it
// is enrolled for. Threads: the gate's.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "libthrottle/core/slab.h"
#include "libthrottle/gate/visitor.h"

namespace throttle::gate {

class Roster {
 public:
  // A visitor that was accepted at `now`.
  Visitor& add(std::unique_ptr<Visitor> visitor, const SocketAddress& client, TimePoint now);
  // The step is an allowed one.
  void move(Visitor& visitor, Stage to);
  // The visitor is enrolled as this peer, once.
  void set_peer(Visitor& visitor, PeerId peer);
  // A visitor that waits becomes another peer.
  void change_peer(Visitor& visitor, PeerId peer);
  // Destroys the visitor, in whatever stage it is.
  void remove(Visitor& visitor);

  Visitor& at(Visitor::Slot slot);
  Visitor* find(PeerId peer) const;  // null if none of the visitors is this peer
  std::size_t count(Stage stage) const { return counts_[static_cast<std::size_t>(stage)]; }
  std::size_t size() const { return visitors_.size(); }
  std::vector<Visitor*> all() const;
  // Slots in use are below this.
  std::size_t slots() const { return visitors_.capacity(); }
  // Null if nobody has the slot.
  const Visitor* in_slot(std::size_t slot) const;

  // The first violation of an invariant, empty if none. O(visitors): for tests.
  std::string check() const;

 private:
  std::size_t& count_of(Stage stage) { return counts_[static_cast<std::size_t>(stage)]; }

  Slab<std::unique_ptr<Visitor>> visitors_;
  std::unordered_map<PeerId, Visitor::Slot> by_peer_;
  std::array<std::size_t, kStages> counts_{};
};

}  // namespace throttle::gate
