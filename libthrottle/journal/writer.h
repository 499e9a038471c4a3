// The thread that writes the journal: takes records from the channel, has the bookkeeper make rows
// of them, and commits these in batches.
//
// States: down (no file: it is tried again every ten seconds) and up. When a commit fails its rows
// are kept and tried again every second; records wait in the channel meanwhile, and what finds no
// room there becomes a gap. A caller that puts records in never waits for any of this.
// What must be written to the log, and that somebody should look, is handed over as messages.
// Threads: as said at each function; the object is made and destroyed by the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/journal/bookkeeper.h"
#include "libthrottle/journal/channel.h"
#include "libthrottle/journal/journal_clock.h"
#include "libthrottle/journal/retention.h"
#include "libthrottle/journal/store.h"

namespace throttle::journal {

struct WriterMessage {
  enum class Level : std::uint8_t { kNews, kWarning, kError };
  Level level = Level::kNews;
  std::string text;
};

struct WriterStats {
  bool up = false;
  std::string id;  // of the file
  Head head;
  std::uint64_t events = 0;  // committed, in this life
  std::uint64_t commits = 0;
  std::uint64_t pruned_events = 0;
  double commit_seconds = 0;  // the sum of all commits
  double last_commit_seconds = 0;
  Integer last_commit_us = 0;  // wall clock
  Integer bytes = 0;           // of the file, without free pages
  Integer wal_bytes = 0;
  Integer oldest_us = 0;                // the oldest batch that is still there
  std::map<int, std::uint64_t> errors;  // by SQLite's extended code
  std::string last_error;               // empty while all is well
};

struct WriterOptions {
  Settings settings;  // `path` is not empty
  Run run;
  TimePoint started;  // when this life began, on the ledger's clock
  const JournalClock* clock = &system_clock();
  const char* vfs = nullptr;
  Duration retry_every = std::chrono::seconds(1);  // a commit that failed
  Duration open_every = std::chrono::seconds(10);  // a file that cannot be opened
  // Called on the writer's thread when there are messages: wakes the loop.
  std::function<void()> on_messages;
};

class Writer {
 public:
  // Tries to open the file before it returns. Errors: kInUse, another process writes to it;
  // kInvalidArgument, it is something else, or of a newer version, or on a network file system.
  // Anything else that goes wrong may pass: the writer is down then, and tries again.
  static Result<std::unique_ptr<Writer>> open(WriterOptions options,
                                              std::shared_ptr<Channel> channel);
  // Stops; a writer that is stuck is left behind.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // The orderly end: what is in the channel is written, what is open is closed as stopped. False if
  // that took longer than `longest`; the thread is then left behind, and ends with the process.
  bool stop(Duration longest);

  void set_limits(const RetentionLimits& limits);
  // Of any thread.
  WriterStats stats() const;
  std::vector<WriterMessage> take_messages();

  class Work;  // the thread's part, writer_work.h

 private:
  explicit Writer(std::shared_ptr<Work> work);

  std::shared_ptr<Work> work_;
  std::thread thread_;
};

}  // namespace throttle::journal
