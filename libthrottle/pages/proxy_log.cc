// Words what proxies report.
#include "libthrottle/pages/proxy_log.h"

#include <array>
#include <chrono>
#include <utility>

#include "libthrottle/uv/clock.h"

namespace throttle::pages {
namespace {

using telemetry::Field;
using telemetry::Level;

// In ms; -1 for a step that was never reached.
std::int64_t ms(Duration length) {
  if (length < Duration::zero()) return -1;
  return std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
}

std::string_view text_of(gate::Refusal refusal) {
  switch (refusal) {
    case gate::Refusal::kPerClient:
      return "too many connections of this client";
    case gate::Refusal::kTooOften:
      return "too many new connections of this client in a short time (max_rate)";
    case gate::Refusal::kQueueFull:
      return "the queue is full";
    case gate::Refusal::kSilent:
      return "it sent nothing (activate_on = first-byte)";
    case gate::Refusal::kBadProxyHeader:
      return "no valid PROXY protocol header";
    case gate::Refusal::kNone:
    case gate::Refusal::kQueueTimeout:
    case gate::Refusal::kUpstreamDown:
    case gate::Refusal::kExhausted:
    case gate::Refusal::kHook:
    case gate::Refusal::kKilled:
    case gate::Refusal::kShutDown:
      break;
  }
  return {};
}

// A health check or a port scan: it connects, and leaves. There may be many of them.
Level level_of(const proxy::ConnectionRecord& record) {
  using enum proxy::EndedBy;
  const bool is_usual = record.ended_by == kNormal || record.ended_by == kClient;
  return record.silent && is_usual && record.reason.empty() ? Level::kDebug : Level::kInfo;
}

std::string_view words_of(proxy::EndedBy ended_by) {
  using proxy::EndedBy;
  switch (ended_by) {
    case EndedBy::kNormal:
      return "both sides closed";
    case EndedBy::kClient:
      return "the client left";
    case EndedBy::kServer:
      return "the service failed or left";
    case EndedBy::kRefused:
      return "rejected";
    case EndedBy::kClientTimeout:
      return "idle for too long";
    case EndedBy::kServerTimeout:
      return "waited or connected for too long";
    case EndedBy::kKilled:
      return "ended by an operator";
    case EndedBy::kShutDown:
      return "the proxy stopped";
    case EndedBy::kTimeToLive:
      return "reached its timeout";
    case EndedBy::kRecycling:
      return "cut off for a recycling";
    case EndedBy::kHook:
      return "a command failed";
    case EndedBy::kResource:
      return "descriptors, memory or ports ran out";
  }
  return {};
}

std::string_view words_of(proxy::Phase phase) {
  using proxy::Phase;
  switch (phase) {
    case Phase::kWaiting:
      return " in the queue";
    case Phase::kPreparing:
      return " while a command ran";
    case Phase::kConnecting:
      return " while connecting to the service";
    case Phase::kData:
      return " with the service connected";
    case Phase::kNone:
      break;
  }
  return {};
}

}  // namespace

ProxyLog::ProxyLog(telemetry::Log log, telemetry::LimitedLines& lines, std::string proxy,
                   ProxyMetrics& metrics)
    : log_(log),
      proxy_(std::move(proxy)),
      metrics_(metrics),
      refused_(lines, log, Level::kWarn, "refused a connection"),
      failed_(lines, log, Level::kWarn, "could not serve a connection") {}

void ProxyLog::on_ended(const proxy::ConnectionRecord& record) noexcept {
  metrics_.count(record);
  const std::string client = record.client.to_string();
  if (const std::string_view reason = text_of(record.refusal); !reason.empty()) {
    refused_.write(uv::now(), {{"proxy", proxy_}, {"client", client}, {"reason", reason}}, reason);
    return;
  }
  if (!record.reason.empty()) {
    failed_.write(uv::now(), {{"proxy", proxy_}, {"client", client}, {"reason", record.reason}},
                  record.reason);
  }
  const Level level = level_of(record);
  if (!log_.enabled(level)) return;
  const std::array state{static_cast<char>(record.ended_by), static_cast<char>(record.phase)};
  const std::string end = std::string(words_of(record.ended_by)).append(words_of(record.phase));
  log_.write(level, "connection",
             {{"proxy", proxy_},
              {"client", client},
              {"upstream", record.upstream.to_string()},
              {"tw", ms(record.waited)},
              {"tc", ms(record.connected)},
              {"tt", ms(record.total)},
              {"bytes_up", record.bytes_up},
              {"bytes_down", record.bytes_down},
              {"state", std::string_view(state.data(), state.size())},
              {"end", end},
              {"active", record.active},
              {"waiting", record.waiting},
              {"position", record.position}});
}

void ProxyLog::on_hook_line(const proxy::HookCall& hook, std::string_view line) noexcept {
  write(Level::kInfo, "hook says", hook, Field("line", line));
}

void ProxyLog::on_hook_done(const proxy::HookCall& hook, Duration took,
                            const Result<void>& verdict) noexcept {
  metrics_.count_hook(name_of(hook.kind), took, verdict.has_value());
  const Field length("took_ms", ms(took));
  if (verdict) return write(Level::kInfo, "hook done", hook, length);
  write(Level::kWarn, "hook failed", hook, length, Field("reason", verdict.error().message));
}

void ProxyLog::on_note(proxy::NoteWeight weight, std::string_view what) noexcept {
  const bool trouble = weight == proxy::NoteWeight::kTrouble;
  log_.write(trouble ? Level::kWarn : Level::kInfo, "note", {{"proxy", proxy_}, {"what", what}});
}

void ProxyLog::write(Level level, std::string_view message, const proxy::HookCall& hook,
                     const std::same_as<Field> auto&... more) const {
  const Field kind("hook", name_of(hook.kind));
  if (!has_client(hook.kind)) {
    return log_.write(level, message, {{"proxy", proxy_}, kind, more...});
  }
  const proxy::Activation& activation = hook.activation;
  const std::string client = activation.client.to_string();
  log_.write(
      level, message,
      {{"proxy", proxy_}, kind, {"client", client}, {"activation", activation.number}, more...});
}

}  // namespace throttle::pages
