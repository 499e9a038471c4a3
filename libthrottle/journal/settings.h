// The settings of the journal, as the table [journal] has them. Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "libthrottle/core/time.h"

namespace throttle::journal {

// What must survive a power loss: what was checkpointed, or everything that was committed.
enum class Durability : std::uint8_t { kProcess, kPower };

// What happens when the writer cannot keep up: events are dropped and the gap is recorded, or
// nothing is granted until it has caught up.
enum class WhenBehind : std::uint8_t { kGap, kPause };

// How much of a client's address is recorded: all, its network (/24, /48), or nothing.
enum class Clients : std::uint8_t { kFull, kNetwork, kNone };

struct Settings {
  std::string path;  // empty: no journal
  std::string name;  // of this server, in the file; empty: the host's
  Duration commit_every = std::chrono::seconds(1);
  Durability durability = Durability::kPower;
  WhenBehind when_behind = WhenBehind::kGap;
  std::size_t max_queued = 262'144;                   // records of 96 bytes
  Duration keep = std::chrono::hours(24 * 90);        // reloadable
  std::int64_t max_bytes = std::int64_t{2} << 30;     // reloadable; the file with its WAL
  std::int64_t free_bytes = std::int64_t{256} << 20;  // reloadable; kept free on the volume
  Clients clients = Clients::kFull;
  bool labels = true;
  bool connections = true;

  static constexpr std::int64_t kLeastMaxBytes = std::int64_t{1} << 20;
  bool operator==(const Settings&) const = default;
};

}  // namespace throttle::journal
