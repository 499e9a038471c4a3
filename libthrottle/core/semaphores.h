// All semaphores that were ever configured, by name and by index, and which of them have to be
// served.
//
// An index names a semaphore as long as the ledger lives: one that is retired keeps its index, and
// gets it back when it is configured again. References are good until the next configure().
//
// Marks. Whatever may have freed something (a lease ended, a waiter left, a resize, a pause or the
// startup grace is over) marks the semaphore, and does no more. ledger_turn.cc serves the marked
// ones at the end of the operation, in the order in which they were marked, each once for all its
// marks. Serving at once would grant leases to a peer that is on its way out.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/core/id_table.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/semaphore.h"

namespace throttle {

class Semaphores {
 public:
  // --- looking up; null if there is none ---
  // Some configuration named it.
  const Semaphore* find_ever_configured(std::string_view name) const {
    for (std::uint64_t id = hash_of(name);; ++id) {
      const Name* const found = names_.find(id);
      if (found == nullptr) return nullptr;
      const Semaphore& semaphore = semaphores_[found->semaphore];
      if (semaphore.name() == name) return &semaphore;
    }
  }
  // It is configured, or retired with leases.
  const Semaphore* find(std::string_view name) const {
    const Semaphore* const semaphore = find_ever_configured(name);
    return semaphore == nullptr || semaphore->gone() ? nullptr : semaphore;
  }
  // It is configured now, so that leases on it may be granted.
  const Semaphore* find_configured(std::string_view name) const {
    const Semaphore* const semaphore = find_ever_configured(name);
    return semaphore == nullptr || semaphore->retired() ? nullptr : semaphore;
  }

  Semaphore& operator[](SemaphoreIndex index) {
    THROTTLE_CHECK(index < marked_.size());
    return semaphores_[index];
  }
  const Semaphore& operator[](SemaphoreIndex index) const {
    THROTTLE_CHECK(index < marked_.size());
    return semaphores_[index];
  }
  std::size_t size() const { return semaphores_.size(); }
  auto begin() const { return semaphores_.begin(); }
  auto end() const { return semaphores_.end(); }

  // --- configuration ---
  // Makes these the configured ones and retires the others; names are unique. Returns the
  // semaphores that are new, differ from before, or were retired, by index. The caller has to
  // arrange() their queues.
  std::vector<SemaphoreIndex> configure(std::span<const SemaphoreSettings> configured);

  // --- marks ---
  void mark(SemaphoreIndex index) {
    THROTTLE_CHECK(index < marked_.size());
    if (std::exchange(marked_[index], kMarked) == kUnmarked) to_serve_.push_back(index);
  }
  void mark_all();
  bool any_marked() const { return !to_serve_.empty(); }
  // Removes the mark that is there for the longest time; there is one.
  Semaphore& pop_marked();

  // Proves that names, indices and marks agree. The first violation, empty if none. For tests.
  std::string check() const;

 private:
  // The id of a name is its hash, or the next number that no other name has. No name ever leaves
  // the table, so the search for one ends at the first number that is free.
  struct Name : Identified {
    using Identified::Identified;
    SemaphoreIndex semaphore = 0;
  };
  static std::uint64_t hash_of(std::string_view name) {
    return std::hash<std::string_view>{}(name);
  }

  enum Mark : bool { kUnmarked, kMarked };

  Semaphore& find_or_add(const std::string& name);

  std::vector<Semaphore> semaphores_;
  IdTable<Name> names_;                   // a map of strings would cost more than a lease
  std::vector<Mark> marked_;              // by index, as many as semaphores_
  std::vector<SemaphoreIndex> to_serve_;  // those that are marked, and served_ before them
  std::size_t served_ = 0;
};

}  // namespace throttle
