// How the writer comes to its file and loses it.
//
// A file may be down at the start, deleted or replaced while it is open, or found damaged. It is
// always opened by the same rules (opening.h); where records were taken before, the bookkeeper
// begins the next file in mid-run.
#include <utility>

#include "libthrottle/journal/details.h"
#include "libthrottle/journal/writer_work.h"

namespace throttle::journal {

namespace {

using namespace std::chrono_literals;

constexpr Duration kLookEvery = 1s;
constexpr int kPrimaryBusy = 5;  // SQLITE_BUSY

}  // namespace

Result<void> Writer::Work::start() {
  const std::string& path = options_.settings.path;
  if (const std::string refusal = refusal_of(path); !refusal.empty())
    return fail(ErrorCode::kInvalidArgument, refusal);
  auto lock = WriterLock::take(path, options_.vfs);
  if (lock) {
    lock_ = std::move(*lock);
  } else if (lock.error().primary() == kPrimaryBusy) {
    const auto pid = writing_process(path);
    return fail(
        ErrorCode::kInUse,
        path + " is being written by " +
            (pid ? "process " + std::to_string(*pid) : std::string("another process")) +
            ". Each server needs a journal of its own: name another file in [journal] path.");
  }
  const auto opened = try_open();
  if (!opened) return tl::unexpected(opened.error());
  publish();
  return {};
}

Result<Writer::Work::Opened> Writer::Work::try_open() {
  const TimePoint now = clock_.steady();
  next_try_ = now + options_.open_every;
  const auto later = [this, now](const std::string& why) {
    channel_->set_failing(true);
    if (failing_since_ == kNever) {
      failing_since_ = now;
      say(WriterMessage::Level::kError, "Journal " + options_.settings.path +
                                            ": cannot be opened: " + why +
                                            ". It is tried again every 10 s.");
    }
    return Opened::kLater;
  };
  if (!lock_.is_held()) {
    auto lock = WriterLock::take(options_.settings.path, options_.vfs);
    if (!lock) {
      count_error(lock.error());
      return later(lock.error().message);
    }
    lock_ = std::move(*lock);
  }
  Opening opening = open_journal({.path = options_.settings.path,
                                  .name = options_.settings.name,
                                  .durability = options_.settings.durability,
                                  .vfs = options_.vfs,
                                  .wall_us = clock_.wall_us(),
                                  .suspect = std::exchange(suspect_, false)});
  if (!opening.refusal.empty()) {
    later(opening.refusal);
    return fail(ErrorCode::kInvalidArgument, opening.refusal);
  }
  if (opening.failure) {
    count_error(*opening.failure);
    return later(opening.failure->message);
  }
  begin_file(std::move(opening));
  return Opened::kYes;
}

void Writer::Work::begin_file(Opening opening) {
  store_ = std::move(opening.store);
  data_version_.reset();
  if (had_file_) {
    bookkeeper_.open_file(opening.continuation, std::exchange(lost_rows_, 0));
  } else {
    bookkeeper_.open_file(opening.continuation);
  }
  had_file_ = true;
  const TimePoint now = clock_.steady();
  if (opening.aside) {
    bookkeeper_.note(now, note_json("a damaged journal was set aside as " + *opening.aside));
    say(WriterMessage::Level::kError,
        "Journal " + options_.settings.path + ": it was damaged, is kept as " + *opening.aside +
            ", and a new file begins. See what it holds: throttle-inspect verify -j " +
            *opening.aside);
  }
  next_look_ = now + kLookEvery;
  next_commit_ = now + options_.settings.commit_every;
  static_cast<void>(commit(now));
}

// The rows that were not committed are in no file.
void Writer::Work::lose_file(const std::string& why, bool suspect) {
  say(WriterMessage::Level::kError, "Journal " + options_.settings.path + ": " + why +
                                        ". The file is closed, and the path opened again.");
  if (bookkeeper_.has_rows() && !rows_) rows_ = bookkeeper_.take_rows();
  if (rows_) lost_rows_ += static_cast<Integer>(rows_->events.size());
  rows_.reset();
  if (bookkeeper_.has_rows())
    lost_rows_ += static_cast<Integer>(bookkeeper_.take_rows().events.size());
  store_.reset();
  suspect_ = suspect;
  next_try_ = clock_.steady();
  channel_->set_failing(true);
}

void Writer::Work::look_for_the_file(TimePoint now) {
  next_look_ = now + kLookEvery;
  if (!store_->database().has_moved()) return;
  lose_file("it was deleted, renamed or replaced", false);
  static_cast<void>(try_open());
}

}  // namespace throttle::journal
