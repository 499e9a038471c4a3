// What a reload may change: which settings take effect at once, which need a restart, and which
// files are refused.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "libthrottle/config/settings.h"
#include "libthrottle/config/settings_file.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

// Error kInvalidArgument: the file would retire every semaphore and proxy that is configured now,
// and has no table [semaphores] that says so. Most likely it was truncated or is being written.
Result<void> check_reload(const LoadedSettings& wanted, const ServerSettings& present);

// The keys whose settings differ and take effect at a restart only, as "http.listen".
std::vector<std::string> keys_that_need_a_restart(const ServerSettings& present,
                                                  const ServerSettings& wanted);

// What a reload does, for people: "office: max 1 → 2; drain_timeout: changed; new: reports; gone:
// old". Empty if it changes nothing. `wanted` is what comes into force.
std::string changes(const ServerSettings& present, const ServerSettings& wanted);

// `present` with what takes effect at a reload taken from `wanted`.
ServerSettings with_reloadable_part(ServerSettings present, ServerSettings wanted);

// A running proxy whose semaphore the file changes.
struct KeptSemaphore {
  std::string proxy;
  std::string kept;
  std::string wanted;
};

// Changes `wanted`, which is to replace `present`, so that each proxy of both keeps its semaphore:
// only that one counts the connections that the proxy has admitted, and has the queue of those that
// wait. The limits of the semaphore are those of `wanted` where it still has them, else those of
// `present`. Returns the proxies whose semaphore would have changed.
std::vector<KeptSemaphore> keep_semaphores(ServerSettings& wanted, const ServerSettings& present);

}  // namespace throttle::config
