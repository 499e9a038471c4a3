// What a proxy reports of its connections: to the log, the metrics and the status page.
//
// Threads: values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/gate/refusal.h"
#include "libthrottle/proxy/hook_runner.h"

namespace throttle::proxy {

// What ended a connection; the letters are those of the log line (after HAProxy).
enum class EndedBy : char {
  kNormal = '-',
  kClient = 'C',
  kServer = 'S',
  kRefused = 'P',        // by us: too many of this client, queue full, a bad PROXY header
  kClientTimeout = 'c',  // idle
  kServerTimeout = 's',  // the queue or the connect time is over
  kKilled = 'K',         // its peer was deleted over HTTP, or a second stop
  kShutDown = 'D',       // the server stopped
  kTimeToLive = 'T',
  kRecycling = 'U',  // held a recycling of the upstream up for too long
  kHook = 'H',
  kResource = 'R',  // descriptors, memory or ports of ours ran out
};

// In which phase it ended.
enum class Phase : char {
  kWaiting = 'Q',
  kPreparing = 'A',  // hook or recycling
  kConnecting = 'C',
  kData = 'D',
  kNone = '-',  // before it waited, or after all was done
};

// One connection, when it is over.
struct ConnectionRecord {
  SocketAddress client;
  PeerId peer = 0;  // 0: it never was in the queue
  HostPort upstream = {};
  TimePoint accepted;
  Duration waited = Duration(-1);     // for a place; negative: never got one
  Duration prepared = Duration(-1);   // hook; negative: never done
  Duration connected = Duration(-1);  // retries included; negative: never done
  Duration total{};
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  bool silent = false;  // it was served or never queued, and no byte went either way
  EndedBy ended_by = EndedBy::kNormal;
  Phase phase = Phase::kNone;
  gate::Refusal refusal = gate::Refusal::kNone;
  std::string reason = {};  // of a hook or an upstream that failed, for people
  std::size_t active = 0;   // of this proxy, right after it
  std::size_t waiting = 0;
  std::uint64_t position = 0;  // how many were served before it while it waited
};

enum class ConnectionState : std::uint8_t {
  kSilent,
  kWaiting,
  kPreparing,
  kLeft,  // its client left while the hook ran, which goes on to its end and holds the place
  kConnecting,
  kActive,
};

// One connection that is there, for /connections.
struct ConnectionView {
  SocketAddress client;
  PeerId peer = 0;
  ConnectionState state = ConnectionState::kWaiting;
  Duration age{};  // since it was accepted
  Duration in_state{};
  std::size_t place = 0;  // in the queue, from 1; 0 if it does not wait
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

// Whether something just happens, or somebody should look after it.
enum class NoteWeight : std::uint8_t { kNews, kTrouble };

// Receives the reports. Calls come from the loop and must not block.
class Reports {
 public:
  virtual void on_ended(const ConnectionRecord& record) noexcept = 0;
  virtual void on_hook_line(const HookCall& hook, std::string_view line) noexcept = 0;
  // The error of the verdict says how it failed.
  virtual void on_hook_done(const HookCall& hook, Duration took,
                            const Result<void>& verdict) noexcept = 0;
  // Something an operator wants to know: recycling begins, the upstream does not answer.
  virtual void on_note(NoteWeight weight, std::string_view what) noexcept = 0;

 protected:
  ~Reports() = default;
};

}  // namespace throttle::proxy
