// What goes wrong when: each misfortune is drawn from the one seed at the time it may happen.
#include "tests/sim/weather.h"

#include <utility>

namespace throttle::testing {

using namespace std::chrono_literals;

namespace {

constexpr TimePoint kBirth(1000h);
constexpr std::int64_t kWallMsAtBirth = 60'000'000'000;

}  // namespace

const std::vector<std::string>& World::names() {
  static const std::vector<std::string> kNames{"licence", "database", "disk"};
  return kNames;
}

World::World(std::uint64_t seed, const Weather& weather)
    : random_(seed),
      weather_(weather),
      now_(kBirth),
      up_from_(kBirth),
      settings_{{.name = names()[0], .full_count = 2, .level = 2},
                {.name = names()[1], .full_count = 3, .level = 1},
                {.name = names()[2], .full_count = 5, .level = 0}} {
  start_ledger();
}

void World::start_ledger() {
  const auto wall_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - kBirth).count();
  ledger_ = std::make_unique<CheckedLedger>(
      LeaseLedger::Options{.seed = random_(),
                           .start = now_,
                           .wall_ms = kWallMsAtBirth + wall_ms,
                           .startup_grace = restarts_ > 0 ? weather_.startup_grace : 0s,
                           .wake_tolerance = 1s});
  ledger_->configure(now_, settings_);
}

void World::tick() {
  now_ += 1ms * (1 + below(400));
  if (is_down()) return;
  // The timer is not always punctual; an operation finds out by itself which peers are due.
  if (below(2) == 0) {
    ledger_->advance(now_);
    listen();
  }
  if (happens(weather_.restart)) restart();
  if (happens(weather_.reload)) reload();
}

void World::restart() {
  ++restarts_;
  if (violation_.empty()) violation_ = ledger_->violation();
  now_ += 1ms;  // a token's time: two runs are never at the same instant
  up_from_ = now_ + 10ms * below(500);
  const TimePoint stopped = std::exchange(now_, up_from_);
  start_ledger();
  now_ = stopped;
}

void World::reload() {
  settings_.clear();
  for (std::size_t i = 0; i < names().size(); ++i) {
    if (below(8) == 0) continue;
    settings_.push_back({.name = names()[i],
                         .full_count = static_cast<Count>(1 + below(6)),
                         .level = static_cast<std::int32_t>(names().size() - i),
                         .order = static_cast<QueueOrder>(below(3)),
                         .max_pending = 2 + below(20)});
  }
  ledger_->configure(now_, settings_);
  listen();
}

void World::listen() {
  for (const LedgerEvent& event : ledger_->events()) {
    if (event.kind == EventKind::kGranted) {
      if (event.token <= last_token_) accuse("S7: a token is not greater than those before");
      last_token_ = event.token;
    }
    if (listener_) listener_(event);
  }
}

void World::expect_only_refusals() {
  for (const LedgerEvent& event : ledger_->events()) {
    if (event.kind != EventKind::kRefused) accuse("S6: a doubled request did something");
  }
}

}  // namespace throttle::testing
