// There is no systemd on Windows, and take_service_environment() finds none.
#include "libthrottle/app/notifier.h"

namespace throttle::app {

void Notifier::send(std::string_view) noexcept {}
void Notifier::retry() noexcept {}

}  // namespace throttle::app
