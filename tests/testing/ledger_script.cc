// How a few bytes become one operation and its arguments, with a liking for the edges.
#include "tests/testing/ledger_script.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string_view>
#include <vector>

#include "tests/testing/checked_ledger.h"

namespace throttle::testing {

namespace {

using namespace std::chrono_literals;

class Script {
 public:
  explicit Script(std::span<const std::uint8_t> bytes)
      : bytes_(bytes), options_(read_options()), now_(options_.start), ledger_(options_) {
    peers_.fill(0);
    configure();
  }

  bool ended() const { return bytes_.empty() || !ledger_.violation().empty(); }
  LedgerStory story() const { return {ledger_.violation(), ledger_.steps()}; }

  void step() {
    now_ += any(kSteps);
    switch (below(16)) {
      case 0:
        any_peer() = ledger_.add_peer(now_, spec());
        break;
      case 1:
        ledger_.heartbeat(now_, any_peer(), any(kTimesToLive));
        break;
      case 2:
        ledger_.remove_peer(now_, any_peer(), any(kReasons));
        break;
      case 3:
      case 4:
      case 5:
      case 6:
        acquire();
        break;
      case 7:
      case 8:
        enroll();
        break;
      case 9:
      case 10:
      case 11:
        ledger_.release(now_, any_peer(), any(kNames), any(kReasons));
        break;
      case 12:
        restore();
        break;
      case 13:
        ledger_.advance(now_);
        break;
      default:
        less_often();
        break;
    }
  }

 private:
  static constexpr Count kMost = std::numeric_limits<Count>::max();
  // The more often one stands here, the more often it is taken.
  static constexpr std::array<std::string_view, 8> kNames{"A", "A", "A", "A",
                                                          "B", "B", "C", "unknown"};
  static constexpr std::array<std::string_view, 3> kLabels{"", "batch", "night run on host 7"};
  static constexpr std::array<Count, 16> kCounts{1, 1, 1, 1, 1,  1,         2,     2,
                                                 2, 3, 4, 0, -1, kMost - 1, kMost, -kMost};
  static constexpr std::array<Count, 12> kFullCounts{1, 1, 1, 2, 2, 2, 3, 3, 5, 0, -1, kMost};
  static constexpr std::array<Duration, 12> kTimesToLive{1h,    1h,  1h, 1h,    1h,    kForever,
                                                         10min, 10s, 1s, 999ms, 100ms, 0s};
  static constexpr std::array<Duration, 16> kSteps{0s,  0s,    0s,    0s,     0s,  0s,  0s,  0s,
                                                   1ms, 100ms, 899ms, 1050ms, 10s, 15s, -1s, 5min};
  static constexpr std::array<Cause, 2> kReasons{Cause::kReleased, Cause::kForced};
  static constexpr std::array<Duration, 6> kLimits{kForever, kForever, kForever, 100ms, 1s, 0s};

  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::size_t below(std::size_t limit) { return byte() % limit; }
  template <typename T, std::size_t N>
  const T& any(const std::array<T, N>& choices) {
    return choices[below(N)];
  }
  PeerId& any_peer() { return peers_[below(peers_.size())]; }

  LeaseLedger::Options read_options() {
    return {.seed = byte(),
            .start = TimePoint(1h),
            .wall_ms = std::int64_t{byte()} << 33,
            .startup_grace = below(4) == 0 ? 10s : 0s,
            .wake_tolerance = below(2) == 0 ? 1s : kForever};
  }

  PeerSpec spec() {
    // One of IPv4, one of IPv6 with two addresses.
    static const std::array<IpAddress, 3> kClients{
        IpAddress::from_v4({10, 0, 0, 1}),
        IpAddress::from_v6({0x20, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1}),
        IpAddress::from_v6({0x20, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2})};
    return {.time_to_live = any(kTimesToLive),
            .address = {.ip = any(kClients), .port = byte()},
            .label = std::string(any(kLabels))};
  }

  LeaseLimits limits() {
    return {.wait = any(kLimits),
            .hold = any(kLimits),
            .oversize = below(4) == 0 ? Oversize::kWaits : Oversize::kRefused};
  }

  void less_often() {
    switch (below(10)) {
      case 0:
        configure();
        break;
      case 1:
      case 2:
        ledger_.pause(any(kNames));
        break;
      case 3:
      case 4:
      case 5:
        ledger_.resume(now_, any(kNames));
        break;
      case 6:
        ledger_.limit_hold(now_, any_peer(), any(kTimesToLive));
        break;
      case 7:
        ledger_.set_label(any_peer(), any(kLabels));
        break;
      case 8:
        ledger_.end_within(now_, any_peer(), any(kTimesToLive));
        break;
      case 9:
        ledger_.bar(now_, any_peer(), any(kTimesToLive));
        break;
    }
  }

  void acquire() {
    AcquireRequest request{.peer = any_peer(), .semaphore = any(kNames), .count = any(kCounts)};
    if (below(3) == 0) request.expires_in = any(kTimesToLive);
    if (below(3) == 0) request.limits = limits();
    ledger_.acquire(now_, request);
  }

  void enroll() {
    EnrollRequest request{.spec = spec(), .semaphore = any(kNames), .count = any(kCounts)};
    PeerId& peer = any_peer();
    if (below(2) == 0 && may_come_back(peer)) request.peer = peer;
    if (below(2) == 0) request.limits = limits();
    if (below(4) == 0) request.renewals = Renewals::kIgnored;
    const AcquireOutcome outcome = ledger_.enroll(now_, request);
    if (outcome.status == AcquireStatus::kAcquired || outcome.status == AcquireStatus::kPending)
      peer = outcome.peer;
  }

  // An id that nobody has, also not at this instant.
  bool may_come_back(PeerId peer) {
    ledger_.advance(now_);
    return !ledger_.ledger().contains(peer);
  }

  void restore() {
    PeerId& peer = any_peer();
    if (below(4) == 0) peer = std::numeric_limits<PeerId>::max() - byte();
    const std::vector<HeldLock> held = below(2) == 0 ? held_by(peer) : any_locks();
    const auto rule = below(2) == 0 ? CountRule::kPositive : CountRule::kZeroAllowed;
    ledger_.restore(now_, {.peer = peer, .spec = spec(), .held = held, .count_rule = rule});
  }

  std::vector<HeldLock> any_locks() {
    std::vector<HeldLock> held;
    for (const std::string_view name : {"A", "B", "C"}) {
      if (below(2) == 0) held.push_back({name, any(kCounts)});
    }
    if (below(16) == 0) held.push_back({"unknown", 1});
    return held;
  }

  std::vector<HeldLock> held_by(PeerId peer) const {
    std::vector<HeldLock> held;
    const auto state = ledger_.ledger().peer(peer);
    if (!state) return held;
    for (const LeaseState& lease : state->leases)
      held.push_back({lease.semaphore, lease.count});
    return held;
  }

  void configure() {
    std::vector<SemaphoreSettings> settings;
    for (const std::string_view name : {"C", "A", "B"}) {
      if (below(8) == 0) continue;
      settings.push_back({.name = std::string(name),
                          .full_count = any(kFullCounts),
                          .level = static_cast<std::int32_t>(below(3)) - 1,
                          .order = static_cast<QueueOrder>(below(3)),
                          .max_pending = below(4) == 0 ? below(3) : 100});
    }
    ledger_.configure(now_, settings);
  }

  std::span<const std::uint8_t> bytes_;
  LeaseLedger::Options options_;
  TimePoint now_;
  CheckedLedger ledger_;
  std::array<PeerId, 6> peers_{};
};

}  // namespace

LedgerStory run_ledger_script(std::span<const std::uint8_t> bytes) {
  Script script(bytes);
  while (!script.ended())
    script.step();
  return script.story();
}

}  // namespace throttle::testing
