// The log in a file that rotates itself: throttle.log, and the older throttle.log.1 … .KEEP.
//
// What holds. The caller never waits for the disk (line_thread.h). The file never has more than
// max_bytes, except for a line that is longer alone; then the file has that line only, and except
// where the folder does not let it rotate; then a warning says so. reopen()
// opens the path again, so that another program (logrotate) may move the file away. A file that
// cannot be opened is tried again with the next line, and lines are counted as lost until then.
// Threads: the loop's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "libthrottle/core/result.h"
#include "libthrottle/telemetry/line_thread.h"
#include "libthrottle/telemetry/log.h"
#include "libthrottle/telemetry/sink.h"

namespace throttle::telemetry {

class RotationNote;

class FileSink final : public Sink {
 public:
  struct Options {
    std::string path;  // UTF-8
    std::uint64_t max_bytes = 10 * 1024 * 1024;
    std::uint32_t keep = 5;  // older files
    std::chrono::milliseconds farewell{2000};
  };

  // Opens the file, so that a path that cannot be written is an error at the start. Error
  // kUnavailable, with the path.
  static Result<std::unique_ptr<FileSink>> open(const Options& options);

  void accept(const Record& record) noexcept override;
  std::string_view name() const override { return "file"; }
  std::uint64_t lost() const noexcept override { return thread_.lost(); }
  void reopen() noexcept { thread_.reopen(); }
  // Where to say, once for each time that it begins, that the file cannot be rotated. The logger
  // may be the one that has this sink.
  void report_to(Log log) { log_ = log; }

 private:
  FileSink(std::unique_ptr<LineWriter> writer, std::shared_ptr<RotationNote> note,
           std::chrono::milliseconds farewell);

  Log log_;
  std::shared_ptr<RotationNote> note_;
  LineThread thread_;
};

}  // namespace throttle::telemetry
