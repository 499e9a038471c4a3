// The writer's turns: wait for a call or for the next commit, take records, commit, look after the
// file. Each turn does what is due and never sleeps with work in its hands, except after a failure.
//
// What may be lost where: rows_ are a batch that was made and not committed. They are kept until a
// commit succeeds or their file is gone; only then their number is added to lost_rows_, and the
// gap of the next file reports it. The rest: writer_files.cc opens and loses files.
#include "libthrottle/journal/writer_work.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/journal/details.h"

namespace throttle::journal {

namespace {

using namespace std::chrono_literals;

constexpr Duration kUrgentApart = 100ms;
constexpr Duration kFailingAfter = 1s;
constexpr Duration kMaintenanceEvery = 10s;
constexpr Duration kHeadEvery = 60s;
constexpr Integer kStepUs = 1'000'000;
constexpr Duration kAtOnce = 100ms;
constexpr int kReadings = 10;
constexpr int kLastTries = 20;
constexpr Integer kMiB = 1 << 20;

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

// Both clocks at one instant; nothing if the thread was held up between the readings.
std::optional<Anchor> read_clocks(const JournalClock& clock) {
  const TimePoint before = clock.steady();
  const Integer wall_us = clock.wall_us();
  if (clock.steady() - before > kAtOnce) return std::nullopt;
  return Anchor{before, wall_us};
}

Anchor anchor_of(const JournalClock& clock, TimePoint at) {
  auto now = read_clocks(clock);
  for (int i = 1; i < kReadings && !now; ++i)
    now = read_clocks(clock);
  if (!now) now = Anchor{clock.steady(), clock.wall_us()};
  using std::chrono::floor;
  return {at, now->wall_us - floor<std::chrono::microseconds>(now->steady - at).count()};
}

RetentionLimits limits_of(const Settings& settings) {
  return {settings.keep, settings.max_bytes, settings.free_bytes};
}

bool has(unsigned calls, Channel::Call call) {
  return (calls & static_cast<unsigned>(call)) != 0;
}

}  // namespace

Writer::Work::Work(WriterOptions options, std::shared_ptr<Channel> channel)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      clock_(*options_.clock),
      bookkeeper_(
          options_.run,
          {options_.settings.clients, options_.settings.labels, options_.settings.connections},
          anchor_of(clock_, options_.started)),
      retention_(options_.settings.path, limits_of(options_.settings)),
      anchor_(anchor_of(clock_, options_.started)) {}

void Writer::Work::run() {
  while (!stopping_) {
    const unsigned calls = channel_->wait(time_to_wait(clock_.steady()));
    turn(calls);
  }
  finish();
  const std::lock_guard lock(mutex_);
  done_ = true;
  done_changed_.notify_all();
}

Duration Writer::Work::time_to_wait(TimePoint now) const {
  TimePoint next = store_ ? std::min(next_look_, rows_ ? next_try_ : next_commit_) : next_try_;
  return std::clamp<Duration>(next - now, 1ms, 1s);
}

void Writer::Work::turn(unsigned calls) {
  const TimePoint now = clock_.steady();
  if (has(calls, Channel::Call::kStop)) stopping_ = true;
  if (!store_ && now >= next_try_) static_cast<void>(try_open());
  if (store_ && now >= next_look_) look_for_the_file(now);
  if (!store_ || (rows_ && now < next_try_)) return publish();
  bool all = stopping_ || now >= next_commit_;
  if (has(calls, Channel::Call::kUrgent)) {
    all = all || now >= next_urgent_;
    next_commit_ = std::min(next_commit_, next_urgent_);
  }
  write(now, all);
  if (store_) maintain(now);
  publish();
}

// Full batches are written at once, the rest when its time has come.
void Writer::Work::write(TimePoint now, bool all) {
  bool more = !rows_ || commit(now);
  while (more && store_ && (all || channel_->size() >= kBatchEvents)) {
    if (channel_->size() > 0) compare_clocks();
    drain();
    more = bookkeeper_.has_rows() && commit(now);
    if (channel_->size() < kBatchEvents) all = false;
  }
  if (all || now >= next_commit_) next_commit_ = now + options_.settings.commit_every;
}

// At most a batch of events.
void Writer::Work::drain() {
  Record record;
  while (bookkeeper_.pending_events() < kBatchEvents && channel_->try_take(record))
    bookkeeper_.take(record);
  bookkeeper_.flush_refusals(clock_.steady(), Bookkeeper::Refusals::kDue);
}

// A step of the wall clock, or a suspend that the monotonic clock did not count.
void Writer::Work::compare_clocks() {
  const auto now = read_clocks(clock_);
  if (!now) return;
  using std::chrono::floor;
  const Integer expected =
      anchor_.wall_us + floor<std::chrono::microseconds>(now->steady - anchor_.steady).count();
  if (std::abs(now->wall_us - expected) <= kStepUs) return;
  anchor_ = *now;
  bookkeeper_.step_clock(anchor_);
}

// The version also moves when SQLite drops its cache after an error, so it is taken afresh then.
void Writer::Work::look_for_other_writers(TimePoint now) {
  const auto version = store_->database().query_integer("PRAGMA data_version");
  if (!version) return count_error(version.error());
  const auto before = std::exchange(data_version_, *version);
  if (!before || *before == *version) return;
  bookkeeper_.note(now, note_json("another program wrote to this file"));
  say(WriterMessage::Level::kError,
      "Journal " + options_.settings.path +
          ": another program wrote to it. Only this server may: see throttle-inspect verify.");
}

// True: nothing is waiting to be committed any more. False: it is tried again later.
bool Writer::Work::commit(TimePoint now) {
  if (!rows_) {
    look_for_other_writers(now);
    rows_ = bookkeeper_.take_rows();
  }
  const TimePoint before = clock_.steady();
  const auto done = store_->commit(*rows_, clock_.wall_us());
  if (!done) {
    on_failed(done.error(), now);
    return false;
  }
  on_committed(before);
  rows_.reset();
  return true;
}

void Writer::Work::on_committed(TimePoint before) {
  const TimePoint now = clock_.steady();
  next_urgent_ = now + kUrgentApart;
  if (failing_since_ != kNever) {
    say(WriterMessage::Level::kWarning,
        "Journal " + options_.settings.path + ": written again, after " +
            std::to_string(
                std::chrono::duration_cast<std::chrono::seconds>(now - failing_since_).count()) +
            " s.");
    failing_since_ = kNever;
  }
  channel_->set_failing(false);
  channel_->set_committed(bookkeeper_.last_number());
  const std::lock_guard lock(mutex_);
  ++stats_.commits;
  stats_.events += rows_->events.size();
  stats_.last_commit_seconds = seconds(now - before);
  stats_.commit_seconds += stats_.last_commit_seconds;
  stats_.last_commit_us = clock_.wall_us();
  stats_.head = store_->head();
  stats_.last_error.clear();
}

void Writer::Work::on_failed(const SqlError& error, TimePoint now) {
  count_error(error);
  next_try_ = now + options_.retry_every;
  if (is_corruption(error)) return lose_file("it is damaged: " + error.message, true);
  if (failing_since_ == kNever) {
    failing_since_ = now;
    say(WriterMessage::Level::kError,
        "Journal " + options_.settings.path + ": cannot be written: " + error.message + " (code " +
            std::to_string(error.code) +
            "). Events are kept in memory, up to max_queued, and written when it works again.");
  }
  if (now - failing_since_ >= kFailingAfter) channel_->set_failing(true);
}

void Writer::Work::maintain(TimePoint now) {
  checkpoint();
  {
    const std::lock_guard lock(mutex_);
    if (new_limits_) retention_.set_limits(*new_limits_);
    new_limits_.reset();
  }
  say_head(now, false);
  if (now < next_maintenance_) return;
  const auto pruned = retention_.prune(store_->database(), clock_.wall_us());
  // There may be more to delete: the next slice follows with the next turn.
  next_maintenance_ = pruned && *pruned > 0 ? now : now + kMaintenanceEvery;
  if (!pruned) return count_error(pruned.error());
  const std::lock_guard lock(mutex_);
  stats_.pruned_events += static_cast<std::uint64_t>(*pruned);
  stats_.bytes = retention_.used_bytes();
  stats_.oldest_us = retention_.oldest_us();
}

// PASSIVE waits for nobody. A reader that stays in one transaction keeps the WAL growing.
void Writer::Work::checkpoint() {
  const Integer limit = std::min<Integer>(16 * kMiB, options_.settings.max_bytes / 8);
  const Integer wal = retention_.measure_wal();
  {
    const std::lock_guard lock(mutex_);
    stats_.wal_bytes = wal;
  }
  if (wal < limit) return;
  if (auto done = store_->database().checkpoint(Database::Checkpoint::kPassive); !done)
    count_error(done.error());
  if (channel_->size() == 0)
    static_cast<void>(store_->database().checkpoint(Database::Checkpoint::kTruncate));
  if (wal > 256 * kMiB && !std::exchange(wal_warned_, true))
    say(WriterMessage::Level::kWarning,
        "Journal " + options_.settings.path +
            ": its WAL is over 256 MiB, because a program reads the file and does not finish.");
}

void Writer::Work::say_head(TimePoint now, bool at_the_end) {
  const Head& head = store_->head();
  if (head.batch_no == said_batch_no_ || (now < next_head_ && !at_the_end)) return;
  next_head_ = now + kHeadEvery;
  said_batch_no_ = head.batch_no;
  say(WriterMessage::Level::kNews, "journal head batch=" + std::to_string(head.batch_no) + " seq=" +
                                       std::to_string(head.seq) + " hash=" + to_hex(head.hash));
}

// What is still in the channel, the ends of all that is open, and a file that can be copied.
void Writer::Work::finish() {
  for (int tries = 0; store_ && rows_ && tries < kLastTries; ++tries) {
    const TimePoint now = clock_.steady();
    if (commit(now)) write(now, true);
    if (rows_) std::this_thread::sleep_for(100ms);
  }
  if (store_ && !rows_) {
    const TimePoint now = clock_.steady();
    write(now, true);
    if (store_ && !rows_) {
      bookkeeper_.stop(now);
      static_cast<void>(commit(now));
    }
  }
  if (store_) {
    say_head(clock_.steady(), true);
    store_->close_for_copying();
    store_.reset();
  }
  lock_ = {};
  publish();
}

// --- reporting ---

void Writer::Work::say(WriterMessage::Level level, std::string text) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return;
  messages_.push_back({level, std::move(text)});
  if (options_.on_messages) options_.on_messages();
}

void Writer::Work::count_error(const SqlError& error) {
  data_version_.reset();
  const std::lock_guard lock(mutex_);
  ++stats_.errors[error.code];
  stats_.last_error = error.message;
}

void Writer::Work::publish() {
  const std::lock_guard lock(mutex_);
  stats_.up = store_ != nullptr;
  if (store_ && stats_.id != store_->id()) stats_.id = store_->id();
}

bool Writer::Work::wait_until_done(Duration longest) {
  std::unique_lock lock(mutex_);
  return done_changed_.wait_for(lock, longest, [this] { return done_; });
}

void Writer::Work::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
}

void Writer::Work::set_limits(const RetentionLimits& limits) {
  const std::lock_guard lock(mutex_);
  new_limits_ = limits;
}

WriterStats Writer::Work::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::vector<WriterMessage> Writer::Work::take_messages() {
  const std::lock_guard lock(mutex_);
  return std::exchange(messages_, {});
}

}  // namespace throttle::journal
