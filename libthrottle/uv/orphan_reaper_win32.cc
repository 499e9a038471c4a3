// Windows: nobody has to collect a process that has ended.
#include <utility>

#include "libthrottle/uv/orphan_reaper.h"

namespace throttle::uv {

struct OrphanReaper::State {};

OrphanReaper OrphanReaper::where_needed(Loop&) {
  return OrphanReaper(std::unique_ptr<State>());
}
OrphanReaper::OrphanReaper(Loop&) {}
OrphanReaper::OrphanReaper(std::unique_ptr<State> state) : state_(std::move(state)) {}
OrphanReaper::OrphanReaper(OrphanReaper&&) noexcept = default;
OrphanReaper& OrphanReaper::operator=(OrphanReaper&&) noexcept = default;
OrphanReaper::~OrphanReaper() = default;

}  // namespace throttle::uv
