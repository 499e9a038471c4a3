// The Event Log of Windows: the events of a service's life, and the log from a level on.
// Threads: EventSource any; EventLogSink the loop's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/telemetry/line_thread.h"
#include "libthrottle/telemetry/sink.h"
#include "service/event_catalog.h"

namespace throttle::service {

// A source that `install` has registered; without that its events still come, but the console shows
// them with a complaint about their description.
class EventSource {
 public:
  explicit EventSource(const std::string& name);
  ~EventSource();
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;

  // False if the Event Log did not take it.
  bool write(EventId id, const std::vector<std::string>& strings) const noexcept;

 private:
  void* handle_;  // HANDLE, or null
};

// On a thread of its own, because the Event Log may block.
class EventLogSink final : public telemetry::Sink {
 public:
  explicit EventLogSink(const std::string& source);

  void accept(const telemetry::Record& record) noexcept override;
  std::string_view name() const override { return "eventlog"; }
  std::uint64_t lost() const noexcept override { return thread_.lost() + limit_.suppressed(); }

 private:
  void post(EventId id, const std::vector<std::string>& strings);

  EventLimit limit_;
  telemetry::LineThread thread_;
};

}  // namespace throttle::service
