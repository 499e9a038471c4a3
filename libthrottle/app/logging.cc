// Makes the sinks of the log from the settings.
#include "libthrottle/app/logging.h"

#include <random>
#include <utility>

#include "libthrottle/app/platform_sinks.h"
#include "libthrottle/config/closest.h"
#include "libthrottle/telemetry/file_sink.h"
#include "libthrottle/telemetry/gelf_sink.h"
#include "libthrottle/telemetry/log_filter.h"
#include "libthrottle/telemetry/terminal_sink.h"

namespace throttle::app {

namespace {

using telemetry::LogFilter;
using Outlets = std::vector<telemetry::Logger::Outlet>;

std::unique_ptr<telemetry::GelfSink> gelf_sink(uv::Loop& loop,
                                               const telemetry::GelfSettings& settings) {
  return std::make_unique<telemetry::GelfSink>(
      loop, telemetry::GelfSink::Options{.server = {settings.host, settings.port},
                                         .format = {.host = settings.name,
                                                    .compression = settings.compression,
                                                    .datagram_bytes = settings.datagram_bytes},
                                         .seed = std::random_device{}()});
}

// "; did you mean 'debug'?", and what there is.
std::string guesses(const std::vector<std::string>& unknown, std::vector<std::string> words) {
  for (const auto level : {"off", "error", "warn", "info", "debug", "trace"})
    words.emplace_back(level);
  std::string text;
  for (const std::string& word : unknown) {
    const std::string_view meant = config::closest(word, words);
    if (!meant.empty()) text.append("; did you mean '").append(meant).append("'?");
  }
  if (unknown.empty() || !text.empty()) return text;
  return "; there are the levels off, error, warn, info, debug and trace, and the targets app, "
         "http, journal, ledger and proxy";
}

void add_terminal(const telemetry::TerminalSettings& settings, const char* filter, Outlets& outlets,
                  std::vector<std::string>& warnings) {
  LogFilter terminal_filter(settings.level);
  if (filter != nullptr) {
    static const std::vector<std::string> kTargets = {"app", "http", "journal", "ledger", "proxy"};
    telemetry::ParsedFilter parsed =
        LogFilter::parse(filter, {.fallback = settings.level, .targets = kTargets});
    terminal_filter = std::move(parsed.filter);
    if (!parsed.warning.empty())
      warnings.push_back("THROTTLE_LOG: " + parsed.warning + guesses(parsed.unknown, kTargets));
  }
  const telemetry::TerminalSink::Options options{.format = settings.format,
                                                 .to_journal = stderr_is_journal()};
  outlets.push_back({.filter = std::move(terminal_filter),
                     .sink = std::make_unique<telemetry::TerminalSink>(options),
                     .announces = settings.announces});
}

void add_all(Outlets from, Outlets& outlets) {
  for (auto& outlet : from)
    outlets.push_back(std::move(outlet));
}

}  // namespace

Result<MadeLogger> make_logger(uv::Loop& loop, const telemetry::Settings& settings,
                               const char* filter, const MoreOutlets& more) {
  MadeLogger made;
  Outlets outlets;
  add_terminal(settings.terminal, filter, outlets, made.warnings);
  telemetry::GelfSink* gelf = nullptr;
  if (settings.gelf) {
    auto sink = gelf_sink(loop, *settings.gelf);
    gelf = sink.get();
    outlets.push_back({LogFilter(settings.gelf->level), std::move(sink)});
  }
  if (const auto& file = settings.file) {
    auto sink = telemetry::FileSink::open(
        {.path = file->path, .max_bytes = file->max_bytes, .keep = file->keep});
    if (!sink) return fail(sink.error().code, "logging.file: " + sink.error().message);
    made.file = sink->get();
    outlets.push_back({LogFilter(file->level), *std::move(sink)});
  }
  PlatformSinks platform = make_platform_sinks(settings);
  add_all(std::move(platform.outlets), outlets);
  for (std::string& warning : platform.warnings)
    made.warnings.push_back(std::move(warning));
  if (more) add_all(more(settings), outlets);
  made.logger = std::make_unique<telemetry::Logger>(std::move(outlets));
  if (gelf != nullptr) gelf->report_to(made.logger->target("app"));
  if (made.file != nullptr) made.file->report_to(made.logger->target("app"));
  return made;
}

}  // namespace throttle::app
