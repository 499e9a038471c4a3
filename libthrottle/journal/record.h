// What travels from the loop's thread to the writer's: records of 96 bytes.
//
// A record of a numbered kind becomes exactly one row of `event`; its number counts such records
// of this run without holes, also those that found no room. The others carry what the writer must
// know besides: peers, names, connections, refusals, and what the ledger holds after a gap.
// Ownership: `attachment` belongs to the record's holder; release_attachment() takes it.
// Threads: values only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/journal/schema.h"

namespace throttle::journal {

// Kinds below kFirstUnnumbered are those of `event`, with the same number.
enum class RecordKind : std::uint8_t {
  kQueued = static_cast<std::uint8_t>(Kind::kQueued),
  kGranted = static_cast<std::uint8_t>(Kind::kGranted),
  kWaitEnded = static_cast<std::uint8_t>(Kind::kWaitEnded),
  kLeaseEnded = static_cast<std::uint8_t>(Kind::kLeaseEnded),
  kRestored = static_cast<std::uint8_t>(Kind::kRestored),
  kExcess = static_cast<std::uint8_t>(Kind::kExcess),
  kConfigured = static_cast<std::uint8_t>(Kind::kConfigured),
  kPaused = static_cast<std::uint8_t>(Kind::kPaused),
  kResumed = static_cast<std::uint8_t>(Kind::kResumed),
  kLabelled = static_cast<std::uint8_t>(Kind::kLabelled),
  kReloaded = static_cast<std::uint8_t>(Kind::kReloaded),
  kReloadRefused = static_cast<std::uint8_t>(Kind::kReloadRefused),
  kGraceBegan = static_cast<std::uint8_t>(Kind::kGraceBegan),
  kGraceEnded = static_cast<std::uint8_t>(Kind::kGraceEnded),
  kNote = static_cast<std::uint8_t>(Kind::kNote),
  kKicked = static_cast<std::uint8_t>(Kind::kKicked),

  kPeerAdded = 128,  // address; attachment: the label
  kPeerRemoved,
  kRefused,         // attachment: the reason, or ProxyRefusal
  kConnection,      // attachment: ConnectionEntry
  kSemaphoreName,   // attachment: the name of a semaphore that a later record refers to
  kGap,             // attachment: GapSummary; count = how many numbers are missing
  kFoundSemaphore,  // after a gap: as kConfigured; excess = 1 where it is paused. One that names
                    // no semaphore says whether all are paused
  kFoundPeer,       // after a gap: as kPeerAdded
  kFoundLease,      // after a gap: at = since when
  kFoundWait,       // after a gap: at = since when
  kFoundAll,        // everything that is open has been found
};
inline constexpr std::uint8_t kFirstUnnumbered = 128;

constexpr bool is_numbered(RecordKind kind) {
  return static_cast<std::uint8_t>(kind) < kFirstUnnumbered;
}

// A proxied connection that is over; as the proxy's log line. Negative durations: not done.
struct ConnectionEntry {
  std::string proxy;
  std::string upstream;
  Duration waited{-1};
  Duration prepared{-1};
  Duration connected{-1};
  Duration total{};
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  char ended_by = '-';
  char phase = '-';
  std::uint64_t position = 0;
  std::string reason;
};

// A connection that a proxy refused before it was in the queue.
struct ProxyRefusal {
  std::string proxy;
  std::string reason;  // a word of the proxy's metrics
};

// What was dropped while the ring was full.
struct GapSummary {
  std::string why;
  std::array<std::uint64_t, 256> by_kind{};  // numbers of RecordKind
};

// How a semaphore is configured now.
struct SemaphoreEntry {
  std::string name;
  std::int32_t level = 0;
  QueueOrder order = QueueOrder::kFifo;
  std::uint64_t max_pending = 0;
  bool retired = false;
};

// From where and why a peer was removed by force; the record has the address it came from.
struct KickEntry {
  std::string by;
  std::string reason;
  std::optional<Duration> within = {};  // it ends then at the latest, not now
  std::optional<Duration> bar = {};     // how long it may not be restored afterwards
};

struct Attachment {
  std::variant<std::string, ConnectionEntry, ProxyRefusal, GapSummary, SemaphoreEntry, KickEntry>
      content;
};

struct Record {
  std::uint64_t number = 0;  // of a numbered kind, from 1
  TimePoint at;
  PeerId peer = 0;  // 0: none
  Count count = 0;
  Count excess = 0;
  FencingToken token = 0;
  Duration span{};
  Attachment* attachment = nullptr;
  SemaphoreIndex semaphore = kNoSemaphore;
  RecordKind kind = RecordKind::kNote;
  EndCause cause = EndCause::kNone;
  std::uint16_t port = 0;
  IpAddress ip;  // of the peer's client; unspecified: none
  std::uint64_t reserved = 0;
};
static_assert(sizeof(Record) == 96 && std::is_trivially_copyable_v<Record>);

inline std::unique_ptr<Attachment> release_attachment(Record& record) {
  return std::unique_ptr<Attachment>(std::exchange(record.attachment, nullptr));
}

}  // namespace throttle::journal
