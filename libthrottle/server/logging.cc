#include "libthrottle/server/logging.h"

#include <random>
#include <utility>
#include <vector>

#include "libthrottle/telemetry/gelf_sink.h"
#include "libthrottle/telemetry/log_filter.h"
#include "libthrottle/telemetry/terminal_sink.h"

namespace throttle::server {

namespace {

using telemetry::LogFilter;

// The configuration has checked the level.
LogFilter filter_of(const std::string& level) {
  return LogFilter(telemetry::parse_level(level).value_or(telemetry::Level::kWarn));
}

telemetry::Compression compression_of(config::GelfCompression compression) {
  switch (compression) {
    case config::GelfCompression::kNone:
      return telemetry::Compression::kNone;
    case config::GelfCompression::kZlib:
      return telemetry::Compression::kZlib;
    case config::GelfCompression::kGzip:
      break;
  }
  return telemetry::Compression::kGzip;
}

std::unique_ptr<telemetry::GelfSink> gelf_sink(uv::Loop& loop,
                                               const config::GelfSettings& settings) {
  return std::make_unique<telemetry::GelfSink>(
      loop,
      telemetry::GelfSink::Options{.server = {settings.host, settings.port},
                                   .format = {.host = settings.name,
                                              .compression = compression_of(settings.compression),
                                              .datagram_bytes = settings.datagram_bytes},
                                   .seed = std::random_device{}()});
}

}  // namespace

MadeLogger make_logger(uv::Loop& loop, const config::LoggingSettings& settings,
                       const char* filter) {
  LogFilter terminal_filter = filter_of(settings.terminal.level);
  std::string warning;
  if (filter != nullptr) {
    telemetry::ParsedFilter parsed = LogFilter::parse(filter);
    terminal_filter = std::move(parsed.filter);
    if (!parsed.warning.empty()) warning = "THROTTLE_LOG: " + parsed.warning;
  }
  const bool json = settings.terminal.format == config::LogFormat::kJson;
  auto terminal = std::make_unique<telemetry::TerminalSink>(telemetry::TerminalSink::Options{
      .format = json ? telemetry::LineFormat::kJson : telemetry::LineFormat::kText});
  std::vector<telemetry::Logger::Outlet> outlets;
  outlets.push_back({std::move(terminal_filter), std::move(terminal)});
  telemetry::GelfSink* gelf = nullptr;
  if (settings.gelf) {
    auto sink = gelf_sink(loop, *settings.gelf);
    gelf = sink.get();
    outlets.push_back({filter_of(settings.gelf->level), std::move(sink)});
  }
  MadeLogger made;
  made.logger = std::make_unique<telemetry::Logger>(std::move(outlets));
  if (gelf != nullptr) gelf->report_to(made.logger->target("app"));
  made.warning = std::move(warning);
  return made;
}

}  // namespace throttle::server
