// An event travels through the thread's queue as one text: its number, and the strings, with zeros
// between.
#include "service/event_log_win32.h"

#include <charconv>
#include <chrono>

#include "libthrottle/core/text.h"
#include "service/system_win32.h"

namespace throttle::service {

namespace {

constexpr std::chrono::milliseconds kFarewell{2000};
constexpr std::size_t kMostStrings = 64;

WORD type_of(EventId id) {
  switch (kind_of(id)) {
    case EventKind::kInformation:
      return EVENTLOG_INFORMATION_TYPE;
    case EventKind::kWarning:
      return EVENTLOG_WARNING_TYPE;
    default:
      return EVENTLOG_ERROR_TYPE;
  }
}

class EventWriter final : public telemetry::LineWriter {
 public:
  explicit EventWriter(const std::string& source) : source_(source) {}

  bool write(std::string_view line) noexcept override {
    std::vector<std::string> strings;
    while (true) {
      const std::size_t end = std::min(line.find('\0'), line.size());
      strings.emplace_back(line.substr(0, end));
      if (end == line.size()) break;
      line.remove_prefix(end + 1);
    }
    unsigned id = 0;
    const std::string number = strings.front();
    std::from_chars(number.data(), number.data() + number.size(), id);
    strings.erase(strings.begin());
    return source_.write(static_cast<EventId>(id), strings);
  }
  void reopen() noexcept override {}

 private:
  EventSource source_;
};

}  // namespace

EventSource::EventSource(const std::string& name)
    : handle_(RegisterEventSourceW(nullptr, wide(name).c_str())) {}

EventSource::~EventSource() {
  if (handle_ != nullptr) DeregisterEventSource(handle_);
}

bool EventSource::write(EventId id, const std::vector<std::string>& strings) const noexcept {
  if (handle_ == nullptr) return false;
  std::vector<std::wstring> texts;
  for (const std::string& text : strings)
    if (texts.size() < kMostStrings) texts.push_back(wide(text));
  std::vector<const wchar_t*> pointers;
  for (const std::wstring& text : texts)
    pointers.push_back(text.c_str());
  return ReportEventW(handle_, type_of(id), 0, static_cast<DWORD>(id), nullptr,
                      static_cast<WORD>(pointers.size()), 0, pointers.data(), nullptr) != 0;
}

EventLogSink::EventLogSink(const std::string& source)
    : thread_(std::make_unique<EventWriter>(source), kFarewell) {}

void EventLogSink::post(EventId id, const std::vector<std::string>& strings) {
  std::string text = std::to_string(static_cast<unsigned>(id));
  for (const std::string& each : strings)
    text.append(1, '\0').append(each);
  thread_.post(std::move(text));
}

void EventLogSink::accept(const telemetry::Record& record) noexcept {
  const auto id = event_of(record.level);
  if (!id) return;
  const TimePoint now = unbiased_now();
  if (limit_.admit(*id, now)) post(*id, event_strings(record));
  if (const auto suppressed = limit_.take_summary(now))
    post(EventId::kSuppressed, {counted(*suppressed, "event was", "events were") + " left out"});
}

}  // namespace throttle::service
