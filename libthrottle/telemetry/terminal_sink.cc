// spdlog names its levels in small letters; our lines have them as env_logger writes them.
#define SPDLOG_LEVEL_NAMES \
  { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "ERROR", "OFF" }

#include "libthrottle/telemetry/terminal_sink.h"

#include <array>
#include <atomic>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include "libthrottle/telemetry/line_output.h"
#include "libthrottle/telemetry/log_line.h"
#include "libthrottle/telemetry/log_text.h"

namespace throttle::telemetry {
namespace {

constexpr const char* kTextPattern = "[%Y-%m-%dT%H:%M:%SZ %-5l %n] %v";
constexpr const char* kJournalPattern = "%v";
constexpr const char* kJsonPattern =
    R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","target":"%n",%v})";

// By Level.
constexpr std::array<spdlog::level::level_enum, 6> kLevels = {
    spdlog::level::off,  spdlog::level::err,   spdlog::level::warn,
    spdlog::level::info, spdlog::level::debug, spdlog::level::trace};

// The far end of the queue: runs on spdlog's thread.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

  std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    if (!write_all(descriptor_, {text.data(), text.size()})) {
      failed_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void flush_() override {}

  int descriptor_;
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace

struct TerminalSink::Writer {
  std::shared_ptr<spdlog::details::thread_pool> queue;
  std::shared_ptr<DescriptorSink> end;
  std::shared_ptr<spdlog::async_logger> logger;
};

TerminalSink::TerminalSink(const Options& options)
    : options_(options), writer_(std::make_unique<Writer>()) {
  const char* pattern = options.to_journal ? kJournalPattern : kTextPattern;
  if (options.format == LineFormat::kJson) pattern = kJsonPattern;
  writer_->queue = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1,
                                                                  [] { shield_from_signals(); });
  writer_->end = std::make_shared<DescriptorSink>(options.descriptor);
  writer_->end->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
  writer_->logger = std::make_shared<spdlog::async_logger>(
      "", writer_->end, writer_->queue, spdlog::async_overflow_policy::overrun_oldest);
}

// spdlog's queue writes everything out when it is destroyed, which takes for ever where the
// terminal is stuck. So this happens on a thread that can be left behind.
TerminalSink::~TerminalSink() {
  std::promise<void> promise;
  const std::future<void> written = promise.get_future();
  std::thread farewell;
  try {
    farewell = std::thread([writer = std::move(writer_), done = std::move(promise)]() mutable {
      writer.reset();
      done.set_value();
    });
  } catch (const std::system_error&) {
    return;  // no thread to be had: the writer went with its function, on this one
  }
  if (written.wait_for(options_.farewell) == std::future_status::ready) {
    farewell.join();
  } else {
    farewell.detach();
  }
}

std::uint64_t TerminalSink::lost() const noexcept {
  return writer_->queue->overrun_counter() + writer_->end->failed();
}

void TerminalSink::accept(const Record& record) noexcept {
  const std::size_t overrun = writer_->queue->overrun_counter();
  if (overrun != overrun_and_told_ && writer_->queue->queue_size() < kQueuedLines / 2) {
    overrun_and_told_ = overrun;
    // The total, for this line may get lost as well.
    const Field total("total", overrun);
    post({.time = record.time,
          .level = Level::kWarn,
          .target = "log",
          .message = "log lines were lost",
          .fields = {&total, 1}});
  }
  post(record);
}

std::string TerminalSink::text_of(const Record& record) const {
  if (options_.format == LineFormat::kJson) return to_json_members(record, kTextBytes);
  if (!options_.to_journal) return to_text(record, kTextBytes);
  std::string line = journal_line(record);
  line.pop_back();  // the pattern ends it
  return line;
}

void TerminalSink::post(const Record& record) noexcept {
  const std::string text = text_of(record);
  const spdlog::string_view_t target(record.target.data(), record.target.size());
  writer_->queue->post_log(
      std::shared_ptr(writer_->logger),
      spdlog::details::log_msg(record.time, spdlog::source_loc(), target,
                               kLevels[static_cast<std::size_t>(record.level)],
                               spdlog::string_view_t(text.data(), text.size())),
      spdlog::async_overflow_policy::overrun_oldest);
}

}  // namespace throttle::telemetry
