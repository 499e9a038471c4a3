// Unix has SIGHUP.
#include <utility>

#include "libthrottle/app/reload_event.h"

namespace throttle::app {

struct ReloadEvent::State {};

Result<ReloadEvent> ReloadEvent::watch(Control&) {
  return ReloadEvent(nullptr);
}

ReloadEvent::ReloadEvent(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReloadEvent::ReloadEvent(ReloadEvent&&) noexcept = default;
ReloadEvent& ReloadEvent::operator=(ReloadEvent&&) noexcept = default;
ReloadEvent::~ReloadEvent() = default;

Result<void> request_reload(std::uint32_t) {
  return fail(ErrorCode::kNotFound, "programs of this system reload on SIGHUP");
}

}  // namespace throttle::app
