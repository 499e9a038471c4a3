// Windows' service manager speaks by controls, not by the environment.
#include "libthrottle/app/service_environment.h"

namespace throttle::app {

Result<ServiceEnvironment> take_service_environment() {
  return ServiceEnvironment();
}

}  // namespace throttle::app
