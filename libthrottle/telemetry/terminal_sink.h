// The log on stderr, a line a record, for people or for machines:
//
//   [2026-07-06T10:30:30Z INFO  app] listening address=127.0.0.1:8000
//   {"time":"2026-07-06T10:30:30.123Z","level":"INFO","target":"app","message":"listening", …}
//
// Invariants. The caller never waits: lines go to a queue (of spdlog) that a thread of its own
// writes out. While the terminal is stuck, the queue keeps the newest kQueuedLines and the others
// are counted; once it moves again, a line says how many were lost since the start. A closed stderr
// costs nothing. The destructor waits for the queue, but no longer than the farewell; then it
// abandons the thread. Lines that are queued when the process is aborted are lost.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "libthrottle/telemetry/settings.h"
#include "libthrottle/telemetry/sink.h"

namespace throttle::telemetry {

class TerminalSink final : public Sink {
 public:
  struct Options {
    LineFormat format = LineFormat::kText;
    // Text for the journal of systemd, which knows the time: `<6>app: listening …`.
    bool to_journal = false;
    int descriptor = 2;  // stays open as long as the process
    std::chrono::milliseconds farewell{500};
  };
  static constexpr std::size_t kQueuedLines = 1024;
  static constexpr std::size_t kTextBytes = 8192;  // of a message or field; the rest is cut

  explicit TerminalSink(const Options& options);
  ~TerminalSink() override;

  void accept(const Record& record) noexcept override;
  std::string_view name() const override { return "stderr"; }
  std::uint64_t lost() const noexcept override;

 private:
  struct Writer;
  std::string text_of(const Record& record) const;
  void post(const Record& record) noexcept;

  Options options_;
  std::unique_ptr<Writer> writer_;
  std::size_t overrun_and_told_ = 0;
};

}  // namespace throttle::telemetry
