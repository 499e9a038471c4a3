// Where log records go: the seam between the logger and the outside. The terminal and GELF are
// sinks; the Windows Event Log and the journal of systemd can become ones.
// Threads: one, the logger's; a sink that works on another thread keeps that to itself.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "libthrottle/telemetry/log.h"

namespace throttle::telemetry {

// One line of the log; views live until the call returns.
struct Record {
  WallTime time = {};
  Level level = Level::kInfo;
  std::string_view target = {};
  std::string_view message = {};
  std::span<const Field> fields = {};
};

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  // Takes the record, or drops it and counts it: never waits for the outside.
  virtual void accept(const Record& record) noexcept = 0;
  // For the label of metrics: static text.
  virtual std::string_view name() const = 0;
  // Records dropped since the start.
  virtual std::uint64_t lost() const noexcept = 0;
};

}  // namespace throttle::telemetry
