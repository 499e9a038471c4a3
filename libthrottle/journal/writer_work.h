// The part of the writer that runs on its own thread. It is shared with the thread, so that one
// that is stuck in the file system can be left behind. Private to the room.
// Threads: run() and everything below it on one; the public rest by any, under the mutex.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "libthrottle/journal/opening.h"
#include "libthrottle/journal/writer.h"

namespace throttle::journal {

class Writer::Work {
 public:
  Work(WriterOptions options, std::shared_ptr<Channel> channel);

  // The first try, before the thread begins; an error is final.
  Result<void> start();
  void run();

  // --- of any thread ---
  bool wait_until_done(Duration longest);
  void abandon();  // nobody listens any more
  void set_limits(const RetentionLimits& limits);
  WriterStats stats() const;
  std::vector<WriterMessage> take_messages();
  Channel& channel() { return *channel_; }

 private:
  enum class Opened : std::uint8_t { kYes, kLater };

  // --- opening and losing the file ---
  Result<Opened> try_open();
  void begin_file(Opening opening);
  void lose_file(const std::string& why, bool suspect);
  void look_for_the_file(TimePoint now);

  // --- writing ---
  void turn(unsigned calls);
  void write(TimePoint now, bool all);
  void drain();
  void compare_clocks();
  void look_for_other_writers(TimePoint now);
  bool commit(TimePoint now);
  void on_committed(TimePoint before);
  void on_failed(const SqlError& error, TimePoint now);
  void maintain(TimePoint now);
  void checkpoint();
  void say_head(TimePoint now, bool at_the_end);
  void finish();
  Duration time_to_wait(TimePoint now) const;

  // --- reporting ---
  void say(WriterMessage::Level level, std::string text);
  void count_error(const SqlError& error);
  void publish();

  const WriterOptions options_;
  const std::shared_ptr<Channel> channel_;
  const JournalClock& clock_;
  WriterLock lock_;
  std::unique_ptr<Store> store_;  // null: down
  Bookkeeper bookkeeper_;
  Retention retention_;
  Anchor anchor_;
  std::optional<Rows> rows_;  // taken from the bookkeeper, not committed yet
  bool had_file_ = false;
  bool stopping_ = false;
  bool suspect_ = false;       // the file was found damaged
  Integer lost_rows_ = 0;      // events of rows that no file took, since the last file was lost
  MaybeInteger data_version_;  // absent: unknown since an error
  TimePoint next_commit_;
  TimePoint next_urgent_;
  TimePoint next_try_ = kNever;  // to commit again, or to open
  TimePoint next_look_;          // whether the file is still there
  TimePoint next_maintenance_;
  TimePoint next_head_;
  TimePoint failing_since_ = kNever;
  Integer said_batch_no_ = 0;
  bool wal_warned_ = false;

  mutable std::mutex mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  bool abandoned_ = false;
  WriterStats stats_;
  std::vector<WriterMessage> messages_;
  std::optional<RetentionLimits> new_limits_;
};

}  // namespace throttle::journal
