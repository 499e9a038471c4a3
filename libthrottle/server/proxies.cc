#include "libthrottle/server/proxies.h"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "libthrottle/proxy/tcp_door.h"
#include "libthrottle/telemetry/limited_line.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::server {
namespace {

using telemetry::Field;

constexpr Duration kLogInterval = std::chrono::seconds(10);

// In ms; -1 for what never was.
std::int64_t ms(Duration length) {
  if (length < Duration::zero()) return -1;
  return std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
}

std::string_view text_of(proxy::ConnectionState state) {
  switch (state) {
    case proxy::ConnectionState::kSilent:
      return "silent";
    case proxy::ConnectionState::kWaiting:
      return "waiting";
    case proxy::ConnectionState::kPreparing:
      return "preparing";
    case proxy::ConnectionState::kLeft:
      return "left";
    case proxy::ConnectionState::kConnecting:
      return "connecting";
    case proxy::ConnectionState::kActive:
      return "active";
  }
  return {};
}

std::string_view text_of(proxy::Refusal refusal) {
  switch (refusal) {
    case proxy::Refusal::kPerClient:
      return "too many connections of this client";
    case proxy::Refusal::kQueueFull:
      return "the queue is full";
    case proxy::Refusal::kBadProxyHeader:
      return "no valid PROXY protocol header";
    default:
      return {};
  }
}

nlohmann::json json_of(const proxy::ConnectionView& view) {
  nlohmann::json json{{"client", view.client.to_string()},
                      {"state", text_of(view.state)},
                      {"age_ms", ms(view.age)},
                      {"in_state_ms", ms(view.in_state)},
                      {"bytes_up", view.bytes_up},
                      {"bytes_down", view.bytes_down}};
  if (view.peer != 0) json["peer"] = view.peer;
  if (view.place != 0) json["place"] = view.place;
  return json;
}

}  // namespace

// One proxy with what is told of it.
class Proxies::Service final : proxy::Reports {
 public:
  // `metrics` outlive it.
  Service(uv::Loop& loop, telemetry::Log log, std::string name, ProxyMetrics& metrics)
      : log_(log),
        name_(std::move(name)),
        metrics_(metrics),
        refused_(log, telemetry::Level::kWarn, "refused a connection", kLogInterval),
        failed_(log, telemetry::Level::kWarn, "could not serve a connection", kLogInterval),
        timer_(loop, uv::bound<&Service::on_due>(this)) {}

  Result<void> open(uv::Loop& loop, LedgerHub& hub, const proxy::Settings& settings) {
    proxy::Reports& reports = *this;
    auto door = proxy::TcpDoor::open({loop, hub, reports}, settings);
    if (!door) return fail(door.error().code, "proxy " + name_ + ": " + door.error().message);
    door_ = *std::move(door);
    log_.info("ready", {{"proxy", name_},
                        {"address", door_->local_address().to_string()},
                        {"upstream", settings.upstream.to_string()},
                        {"semaphore", settings.semaphore_name()}});
    return {};
  }

  proxy::TcpDoor& door() { return *door_; }
  const proxy::TcpDoor& door() const { return *door_; }
  const std::string& name() const { return name_; }

  nlohmann::json connections() const;

 private:
  void on_ended(const proxy::ConnectionRecord& record) noexcept override;
  void on_hook_line(const proxy::HookCall& hook, std::string_view line) noexcept override {
    write(telemetry::Level::kInfo, "hook says", hook, Field("line", line));
  }
  void on_hook_done(const proxy::HookCall& hook, Duration took,
                    const Result<void>& verdict) noexcept override;
  // A line about a hook, and about the client for whom it runs.
  void write(telemetry::Level level, std::string_view message, const proxy::HookCall& hook,
             const std::same_as<Field> auto&... more) const;
  void on_note(proxy::NoteWeight weight, std::string_view what) noexcept override {
    const bool trouble = weight == proxy::NoteWeight::kTrouble;
    log_.write(trouble ? telemetry::Level::kWarn : telemetry::Level::kInfo, "note",
               {{"proxy", name_}, {"what", what}});
  }
  void on_due() {
    refused_.advance(uv::now());
    failed_.advance(uv::now());
    arm();
  }
  void arm() { timer_.arm(std::min(refused_.next_deadline(), failed_.next_deadline())); }

  telemetry::Log log_;
  std::string name_;
  ProxyMetrics& metrics_;
  telemetry::LimitedLine refused_;
  telemetry::LimitedLine failed_;
  uv::Timer timer_;
  std::unique_ptr<proxy::TcpDoor> door_;
};

void Proxies::Service::on_ended(const proxy::ConnectionRecord& record) noexcept {
  metrics_.count(record);
  const std::string client = record.client.to_string();
  // Clients can provoke these without end.
  if (const std::string_view reason = text_of(record.refusal); !reason.empty()) {
    refused_.write(uv::now(), {{"proxy", name_}, {"client", client}, {"reason", reason}});
    return arm();
  }
  if (!record.reason.empty()) {
    failed_.write(uv::now(), {{"proxy", name_}, {"client", client}, {"reason", record.reason}});
    arm();
  }
  if (!log_.enabled(telemetry::Level::kInfo)) return;
  const std::array state{static_cast<char>(record.ended_by), static_cast<char>(record.phase)};
  log_.info("connection", {{"proxy", name_},
                           {"client", client},
                           {"upstream", record.upstream.to_string()},
                           {"tw", ms(record.waited)},
                           {"tc", ms(record.connected)},
                           {"tt", ms(record.total)},
                           {"bytes_up", record.bytes_up},
                           {"bytes_down", record.bytes_down},
                           {"state", std::string_view(state.data(), state.size())},
                           {"active", record.active},
                           {"waiting", record.waiting},
                           {"position", record.position}});
}

void Proxies::Service::on_hook_done(const proxy::HookCall& hook, Duration took,
                                    const Result<void>& verdict) noexcept {
  metrics_.count_hook(name_of(hook.kind), took, verdict.has_value());
  const Field length("took_ms", ms(took));
  if (verdict) return write(telemetry::Level::kInfo, "hook done", hook, length);
  write(telemetry::Level::kWarn, "hook failed", hook, length,
        Field("reason", verdict.error().message));
}

void Proxies::Service::write(telemetry::Level level, std::string_view message,
                             const proxy::HookCall& hook,
                             const std::same_as<Field> auto&... more) const {
  const Field kind("hook", name_of(hook.kind));
  if (hook.kind == proxy::HookKind::kRecycle) {
    return log_.write(level, message, {{"proxy", name_}, kind, more...});
  }
  const proxy::Activation& activation = hook.activation;
  const std::string client = activation.client.to_string();
  log_.write(
      level, message,
      {{"proxy", name_}, kind, {"client", client}, {"activation", activation.number}, more...});
}

nlohmann::json Proxies::Service::connections() const {
  auto list = nlohmann::json::array();
  for (const proxy::ConnectionView& view : door_->connections())
    list.push_back(json_of(view));
  return {{"name", name_},
          {"listen", door_->local_address().to_string()},
          {"upstream", door_->settings().upstream.to_string()},
          {"semaphore", door_->settings().semaphore_name()},
          {"active", door_->active_count()},
          {"waiting", door_->waiting_count()},
          {"connections", std::move(list)}};
}

Proxies::Proxies(uv::Loop& loop, uv::LedgerRuntime& runtime, telemetry::Log log)
    : loop_(loop), runtime_(runtime), log_(log) {}
Proxies::~Proxies() = default;

Result<void> Proxies::open(std::span<const proxy::Settings> settings) {
  for (const proxy::Settings& one : settings)
    if (auto opened = open(one); !opened) return opened;
  return {};
}

Result<void> Proxies::open(const proxy::Settings& settings) {
  auto service = std::make_unique<Service>(loop_, log_, settings.name, metrics_[settings.name]);
  if (auto opened = service->open(loop_, runtime_.hub(), settings); !opened) return opened;
  services_.push_back(std::move(service));
  return {};
}

Proxies::Service* Proxies::find(std::string_view name) const {
  const auto found = std::find_if(services_.begin(), services_.end(),
                                  [&](const auto& service) { return service->name() == name; });
  return found == services_.end() ? nullptr : found->get();
}

bool Proxies::has(std::string_view name) const {
  return find(name) != nullptr;
}

// What is removed goes first: a new proxy may want its address.
void Proxies::reload(std::span<const proxy::Settings> settings) {
  std::vector<std::unique_ptr<Service>> before;
  std::swap(before, services_);
  for (auto& service : before) {
    if (std::ranges::count(settings, service->name(), &proxy::Settings::name) == 0)
      retire(std::move(service));
    else
      services_.push_back(std::move(service));
  }
  for (const proxy::Settings& one : settings) {
    Service* const present = find(one.name);
    const bool is_new = present == nullptr;
    const auto done = is_new ? open(one) : present->door().reload(one);
    if (!done) {
      log_.error(is_new ? "cannot open the proxy" : "the proxy goes on at its old address",
                 {{"proxy", one.name}, {"reason", done.error().message}});
    }
  }
}

// A door must not be destroyed from within its own call, so the last of it goes with a later reload
// or the end. With it goes whatever a command of it runs or left running, so not before that ended.
void Proxies::retire(std::unique_ptr<Service> service) {
  std::erase_if(retired_, [](const auto& gone) { return gone->door().is_idle(); });
  log_.info("the proxy is removed; its connections may end", {{"proxy", service->name()}});
  service->door().retire();
  retired_.push_back(std::move(service));
}

void Proxies::drain(std::function<void()> on_drained) {
  on_drained_ = std::move(on_drained);
  draining_ = services_.size() + retired_.size() + 1;
  for (const auto* group : {&services_, &retired_})
    for (const auto& service : *group)
      service->door().drain([this] { on_service_drained(); });
  on_service_drained();  // for the one that keeps it from being told too early
}

void Proxies::on_service_drained() {
  if (--draining_ == 0) on_drained_();
}

void Proxies::close_now() {
  for (const auto* group : {&services_, &retired_})
    for (const auto& service : *group)
      service->door().close_now();
}

void Proxies::write_metrics(telemetry::Exposition& page) const {
  std::map<std::string_view, ProxyMetrics::Now> now;
  for (const auto* group : {&services_, &retired_})
    for (const auto& service : *group) {
      now[service->name()].active += service->door().active_count();
      now[service->name()].waiting += service->door().waiting_count();
    }
  for (const auto& [name, metrics] : metrics_)
    metrics.write(name, now[name], page);
}

std::string Proxies::connections() const {
  auto list = nlohmann::json::array();
  for (const auto& service : services_)
    list.push_back(service->connections());
  for (const auto& service : retired_)
    if (service->door().active_count() > 0) list.push_back(service->connections());
  using nlohmann::json;
  const json page{{"proxies", std::move(list)}};
  return page.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace throttle::server
