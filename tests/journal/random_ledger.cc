// The stories: few semaphores and few peers, so that everything meets everything.
#include "tests/journal/random_ledger.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libthrottle/journal/opening.h"

namespace throttle::journal {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kPeers = 12;
constexpr const char* kNames[] = {"licence", "database", "disk"};

}  // namespace

RandomLedger::RandomLedger(std::uint64_t seed, std::size_t max_queued, std::string path)
    : random_(seed), max_queued_(max_queued), path_(std::move(path)), peers_(kPeers, 1) {
  settings_ = {{.name = kNames[0], .full_count = 2, .level = 2},
               {.name = kNames[1], .full_count = 3, .level = 1, .order = QueueOrder::kLifo},
               {.name = kNames[2], .full_count = 5, .level = 0, .order = QueueOrder::kFair}};
  start();
}

void RandomLedger::start() {
  Run run = test_run(++runs_);
  channel_ = std::make_shared<Channel>(max_queued_);
  ledger_ = std::make_unique<RecordedLedger>(
      channel_, now_,
      Recorder::Options{.when_behind = WhenBehind::kGap, .labels = true, .connections = true},
      static_cast<std::int64_t>(runs_) * 100'000);
  bookkeeper_ = std::make_unique<Bookkeeper>(run, Privacy{}, Anchor{now_, wall_us_});
  if (path_.empty()) {
    bookkeeper_->open_file(memory_);
  } else {
    store_.reset();
    Opening opening = open_journal({.path = path_, .name = "test", .wall_us = wall_us_});
    ASSERT_TRUE(opening.store) << (opening.failure ? opening.failure->message : opening.refusal);
    store_ = std::move(opening.store);
    bookkeeper_->open_file(opening.continuation);
  }
  ledger_->configure(now_, settings_);
  drain();
}

void RandomLedger::step() {
  const Duration pause = 1us * (below(4) == 0 ? below(3'000'000) : below(3'000));
  now_ += pause;
  wall_us_ += pause / 1us;
  operate();
  ledger_->settle();
  if (ledger_->recorder().is_catching_up()) ledger_->recorder().catch_up(now_);
}

void RandomLedger::operate() {
  LeaseLedger& ledger = ledger_->ledger();
  switch (below(16)) {
    case 0:
      peers_[below(kPeers)] = ledger.add_peer(
          now_, {.time_to_live = any_life(), .address = any_address(), .label = {}});
      break;
    case 1:
      peers_[below(kPeers)] =
          ledger
              .enroll(now_, {.spec = {.time_to_live = any_life(),
                                      .address = any_address(),
                                      .label = "enrolled"},
                             .semaphore = any_name(),
                             .count = static_cast<Count>(1 + below(2)),
                             .limits = {.wait = 1s * below(10), .hold = 1s * below(10)}})
              .peer;
      break;
    case 2:
      ledger.heartbeat(now_, any_peer(), any_life());
      break;
    case 3:
      ledger.remove_peer(now_, any_peer());
      break;
    case 4:
      restore();
      break;
    case 5:
    case 6:
    case 7:
      ledger.release(now_, any_peer(), any_name());
      break;
    case 8:
      less_often();
      break;
    case 9:
      ledger.advance(now_);
      break;
    case 10:
      if (below(4) == 0) {
        ledger.set_label(any_peer(), below(2) == 0 ? "night run" : "");
      } else if (below(4) == 0) {
        ledger.pause(any_name());
      } else {
        ledger.resume(now_, any_name());
      }
      break;
    default:
      acquire();
      break;
  }
}

void RandomLedger::less_often() {
  LeaseLedger& ledger = ledger_->ledger();
  switch (below(12)) {
    case 0:
    case 1:
      reconfigure();
      break;
    case 2:
      ledger.limit_hold(now_, any_peer(), 1s * below(10));
      break;
    case 3:
      ledger.end_within(now_, any_peer(), 1s * below(10));
      break;
    case 4:
      EXPECT_TRUE(ledger.bar(now_, any_peer(), 1s * below(10)));
      break;
    case 5:
      ledger.remove_peer(now_, any_peer(), Cause::kForced);
      break;
    case 6:
      if (!std::exchange(all_paused_, true)) ledger.pause_all();
      break;
    default:
      if (std::exchange(all_paused_, false)) ledger.resume_all(now_);
      break;
  }
}

void RandomLedger::acquire() {
  ledger_->ledger().acquire(now_, {.peer = any_peer(),
                                   .semaphore = any_name(),
                                   .count = static_cast<Count>(1 + below(3)),
                                   .expires_in = any_life()});
}

void RandomLedger::restore() {
  const std::string name = any_name();
  const HeldLock held[] = {{name, static_cast<Count>(1 + below(2))}};
  ledger_->ledger().restore(
      now_, {.peer = any_peer(),
             .spec = {.time_to_live = any_life(), .address = any_address(), .label = "back"},
             .held = held});
}

void RandomLedger::reconfigure() {
  std::vector<SemaphoreSettings> settings;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (below(8) == 0) continue;
    settings.push_back({.name = kNames[i],
                        .full_count = static_cast<Count>(1 + below(5)),
                        .level = static_cast<std::int32_t>(std::size(kNames) - i),
                        .order = static_cast<QueueOrder>(below(3))});
  }
  settings_ = settings;
  ledger_->configure(now_, settings_);
}

void RandomLedger::crash() {
  const Duration down = 1ms * below(5'000);
  now_ += down;
  wall_us_ += down / 1us;
  all_paused_ = false;
  start();
}

void RandomLedger::drain() {
  Record record;
  while (channel_->try_take(record))
    bookkeeper_->take(record);
  commit();
}

void RandomLedger::drain_some() {
  if (below(50) == 0) {
    const auto step = static_cast<Integer>(below(7'200'000'000)) - 3'600'000'000;
    wall_us_ += step;
    bookkeeper_->step_clock({now_, wall_us_});
  }
  Record record;
  for (std::size_t most = below(4); most > 0 && channel_->try_take(record); --most)
    bookkeeper_->take(record);
  commit();
}

void RandomLedger::commit() {
  bookkeeper_->flush_refusals(now_, Bookkeeper::Refusals::kDue);
  if (!bookkeeper_->has_rows()) return;
  const Rows rows = bookkeeper_->take_rows();
  replay_.take(rows);
  memory_.last = rows.last;
  memory_.latest_us = std::max(memory_.latest_us, wall_us_);
  for (const NameRow& row : rows.semaphores)
    memory_.semaphores.push_back(row);
  for (const LiveRow& row : rows.opened)
    memory_.live.push_back(row);
  std::erase_if(memory_.live, [&rows](const LiveRow& row) {
    return std::find(rows.closed.begin(), rows.closed.end(), row.since_seq) != rows.closed.end();
  });
  if (!store_) return;
  const auto done = store_->commit(rows, wall_us_);
  ASSERT_TRUE(done) << done.error().message;
}

void RandomLedger::settle() {
  do {
    drain();
    ledger_->recorder().catch_up(now_);
  } while (channel_->size() > 0 || ledger_->recorder().is_catching_up());
  drain();
}

void RandomLedger::stop() {
  settle();
  bookkeeper_->stop(now_);
  drain();
}

std::string RandomLedger::difference() const {
  if (!replay_.violation().empty()) return replay_.violation();
  const auto ours = replay_.lines();
  const auto its = Replay::lines_of(testing::picture_of_ledger(ledger_->ledger()));
  std::string text;
  for (const std::string& line : ours) {
    if (std::find(its.begin(), its.end(), line) == its.end())
      text += "only replayed: " + line + "\n";
  }
  for (const std::string& line : its) {
    if (std::find(ours.begin(), ours.end(), line) == ours.end())
      text += "not replayed: " + line + "\n";
  }
  return text;
}

std::string RandomLedger::any_name() {
  return kNames[below(std::size(kNames))];
}

Duration RandomLedger::any_life() {
  return below(3) == 0 ? 1ms * below(3'000) : 1s * (10 + below(60));
}

SocketAddress RandomLedger::any_address() {
  return {IpAddress::from_v4({10, 0, 0, static_cast<std::uint8_t>(1 + below(4))}),
          static_cast<std::uint16_t>(1024 + below(1000))};
}

}  // namespace throttle::journal
