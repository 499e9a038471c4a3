// What a reload does to the table of semaphores, and the order in which marks are served.
#include "libthrottle/core/semaphores.h"

#include <algorithm>

namespace throttle {

Semaphore& Semaphores::find_or_add(const std::string& name) {
  if (const Semaphore* const known = find_ever_configured(name)) return semaphores_[known->index()];
  const auto next = static_cast<SemaphoreIndex>(semaphores_.size());
  std::uint64_t id = hash_of(name);
  while (names_.find(id) != nullptr)
    ++id;
  names_.insert(id).semaphore = next;
  marked_.push_back(kUnmarked);
  return semaphores_.emplace_back(next);
}

std::vector<SemaphoreIndex> Semaphores::configure(std::span<const SemaphoreSettings> configured) {
  struct Before {
    SemaphoreSettings settings;
    bool retired;
  };
  std::vector<Before> before;
  for (Semaphore& semaphore : semaphores_) {
    before.push_back({semaphore.settings(), semaphore.retired()});
    semaphore.retire();
  }
  for (const SemaphoreSettings& settings : configured) {
    find_or_add(settings.name).configure(settings);
  }
  std::vector<SemaphoreIndex> changed;
  for (const Semaphore& semaphore : semaphores_) {
    const SemaphoreIndex index = semaphore.index();
    const bool same = index < before.size() && before[index].retired == semaphore.retired() &&
                      before[index].settings == semaphore.settings();
    if (!same) changed.push_back(index);
  }
  return changed;
}

// --- marks ---

void Semaphores::mark_all() {
  for (const Semaphore& semaphore : semaphores_)
    mark(semaphore.index());
}

Semaphore& Semaphores::pop_marked() {
  THROTTLE_CHECK(served_ < to_serve_.size());
  const SemaphoreIndex index = to_serve_[served_++];
  if (served_ == to_serve_.size()) {
    to_serve_.clear();
    served_ = 0;
  }
  marked_[index] = kUnmarked;
  return semaphores_[index];
}

// --- the proof ---

std::string Semaphores::check() const {
  if (names_.size() != size() || marked_.size() != size()) return "a semaphore has no name";
  for (std::size_t index = 0; index < size(); ++index) {
    const Semaphore& semaphore = semaphores_[index];
    const std::string name(semaphore.name());
    if (semaphore.index() != index) return name + " has the index of another";
    if (find_ever_configured(name) != &semaphore) return name + " is not found by its name";
    const auto marks = std::count(to_serve_.begin() + static_cast<std::ptrdiff_t>(served_),
                                  to_serve_.end(), semaphore.index());
    if (marks != (marked_[index] == kMarked ? 1 : 0))
      return name + ": the mark is not that of one to be served";
  }
  return {};
}

}  // namespace throttle
