// Opens, changes and retires proxies.
//
// A proxy is in one of two lists: open_ while it is configured, retired_ from the reload that
// removes it until its last connection and command have ended. Only retire() moves one, and only
// there are retired ones destroyed, because a door must not be destroyed from within its own call.
#include "libthrottle/app/proxies_part.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "libthrottle/app/ready_line.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "libthrottle/pages/proxy_log.h"
#include "libthrottle/proxy/tcp_door.h"
#include "libthrottle/uv/own_addresses.h"

namespace throttle::app {
namespace {

// Of one place of a door: as it is written, and its first address.
bool covers(const HostPort& place, const SocketAddress& local, const SocketAddress& address) {
  if (local.port != address.port || !uv::leads_here(address.ip)) return false;
  const auto listens = IpAddress::parse(place.host);
  const bool on_one =
      listens && *listens != IpAddress::from_v4({0, 0, 0, 0}) && *listens != IpAddress();
  if (on_one) return *listens == address.ip;
  return place.host != "localhost" || address.ip.is_loopback();
}

// The same file, by whatever path.
bool is_same_socket(const Endpoint& listens, const HostPort& upstream) {
  if (!listens.is_unix() || !upstream.is_unix()) return false;
  std::error_code error;  // then the paths are empty
  const auto one = std::filesystem::canonical(listens.path, error);
  return !one.empty() && one == std::filesystem::canonical(upstream.unix_path(), error);
}

// Whether connections to `upstream`, which is at `address`, come to the door.
bool listens_at(const proxy::TcpDoor& door, const HostPort& upstream,
                const SocketAddress& address) {
  const auto& places = door.settings().listen;
  const auto& endpoints = door.endpoints();
  THROTTLE_CHECK(places.size() == endpoints.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool leads_here = endpoints[i].is_unix() || upstream.is_unix()
                                ? is_same_socket(endpoints[i], upstream)
                                : covers(places[i], endpoints[i].address, address);
    if (leads_here) return true;
  }
  return false;
}

// "127.0.0.1:9000, [::1]:9001", in the order of the settings.
std::string places_of(const proxy::TcpDoor& door) {
  std::string text;
  for (const Endpoint& endpoint : door.endpoints())
    text += (text.empty() ? "" : ", ") + endpoint.to_string();
  return text;
}

}  // namespace

// A door with its log.
class ProxiesPart::Proxy final : proxy::Reports {
 public:
  // `witness` and `metrics` outlive it. No other proxy ever has this number.
  Proxy(const Context& context, std::uint64_t number, telemetry::Log log, const std::string& name,
        const Witness& witness, pages::ProxyMetrics& metrics)
      : number_(number),
        name_(name),
        witness_(witness),
        log_(log, context.limited_lines, name, metrics) {}

  // `on_reached` is called whenever upstream() has changed.
  Result<void> open(const Context& context, const proxy::Settings& settings,
                    const std::function<void()>& on_reached) {
    THROTTLE_CHECK(door_ == nullptr);
    proxy::Reports& reports = *this;
    const auto reached = [this, on_reached](const SocketAddress& address) {
      upstream_ = address;
      on_reached();
    };
    auto door = proxy::TcpDoor::open({.loop = context.loop,
                                      .hub = context.runtime.hub(),
                                      .reports = reports,
                                      .on_upstream_reached = reached},
                                     settings);
    if (!door) return fail(door.error().code, "proxy " + name_ + ": " + door.error().message);
    door_ = *std::move(door);
    return {};
  }

  proxy::TcpDoor& door() const {
    THROTTLE_CHECK(door_ != nullptr);
    return *door_;
  }
  std::uint64_t number() const { return number_; }
  // Where it has connected to.
  const std::optional<SocketAddress>& upstream() const { return upstream_; }
  const std::string& name() const { return name_; }

 private:
  void on_ended(const proxy::ConnectionRecord& record) noexcept override {
    if (witness_) witness_(name_, record);
    log_.on_ended(record);
  }
  void on_hook_line(const proxy::HookCall& hook, std::string_view line) noexcept override {
    log_.on_hook_line(hook, line);
  }
  void on_hook_done(const proxy::HookCall& hook, Duration took,
                    const Result<void>& verdict) noexcept override {
    log_.on_hook_done(hook, took, verdict);
  }
  void on_note(proxy::NoteWeight weight, std::string_view what) noexcept override {
    log_.on_note(weight, what);
  }

  std::uint64_t number_;
  std::string name_;
  const Witness& witness_;
  pages::ProxyLog log_;
  std::optional<SocketAddress> upstream_;
  std::unique_ptr<proxy::TcpDoor> door_;
};

ProxiesPart::ProxiesPart(const Context& context, Witness witness)
    : context_(context), witness_(std::move(witness)), log_(context.logger.target("proxy")) {}

ProxiesPart::~ProxiesPart() {
  visit([](Proxy& proxy) { proxy.door().stop(); });
}

void ProxiesPart::add_routes(http::Router& router) {
  router.add(http::Method::kGet, "/connections", [this](const http::Call&) {
    http::Response response{.content_type = http::kJsonType};
    response.producer = pages::connections_page(shown());
    return response;
  });
}

Result<void> ProxiesPart::start(const config::ServerSettings& settings) {
  THROTTLE_CHECK(open_.empty());
  for (const proxy::Settings& one : settings.proxies)
    if (auto opened = open(one); !opened) return opened;
  return {};
}

Result<void> ProxiesPart::open(const proxy::Settings& settings) {
  THROTTLE_CHECK(find(settings.name) == nullptr);
  auto proxy = std::make_unique<Proxy>(context_, ++opened_, log_, settings.name, witness_,
                                       metrics_[settings.name]);
  if (auto opened = proxy->open(context_, settings, [this] { warn_of_loops(); }); !opened)
    return opened;
  open_.push_back(std::move(proxy));
  return {};
}

void ProxiesPart::announce(const config::ServerSettings& /*settings*/) const {
  for (const auto& proxy : open_)
    log_ready(*proxy, &telemetry::Log::announce);
}

void ProxiesPart::log_ready(const Proxy& proxy, LogWriter write) const {
  const proxy::Settings& settings = proxy.door().settings();
  (log_.*write)("ready", {{"proxy", proxy.name()},
                          {"address", places_of(proxy.door())},
                          {"listens", reach_of(proxy.door().endpoints())},
                          {"upstream", settings.upstream.to_string()},
                          {"semaphore", settings.semaphore_name()}});
}

std::vector<Listener> ProxiesPart::listeners() const {
  std::vector<Listener> listeners;
  for (const auto& proxy : open_)
    for (const Endpoint& endpoint : proxy->door().endpoints())
      listeners.push_back({proxy->name(), endpoint});
  return listeners;
}

std::string ProxiesPart::trouble() const {
  std::string all;
  for (const auto& proxy : open_) {
    const std::string found = proxy->door().trouble();
    if (found.empty()) continue;
    all += (all.empty() ? "" : "; ") + ("the service of the proxy " + quote(proxy->name())) +
           " does not answer: " + found;
  }
  return all;
}

ProxiesPart::Proxy* ProxiesPart::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(open_, [&](const auto& proxy) { return proxy->name() == name; });
  return found == open_.end() ? nullptr : found->get();
}

const ProxiesPart::Proxy* ProxiesPart::find(std::uint64_t number) const {
  for (const Proxies* const group : {&open_, &retired_})
    for (const auto& proxy : *group)
      if (proxy->number() == number) return proxy.get();
  return nullptr;
}

// A removed proxy goes first, because a new one may want its address. So may one that is there want
// an address that another one gives up: what fails is tried again when all have had their turn.
void ProxiesPart::reload(config::ServerSettings& settings) {
  retire_removed(settings.proxies);
  std::vector<const proxy::Settings*> failed;
  for (const proxy::Settings& one : settings.proxies)
    if (!apply(one)) failed.push_back(&one);
  for (const proxy::Settings* const one : failed) {
    const bool is_new = find(one->name) == nullptr;
    if (const auto done = apply(*one); !done) {
      log_.error(is_new ? "cannot open the proxy" : "the proxy stays at its old address",
                 {{"proxy", one->name}, {"reason", done.error().message}});
    }
  }
  std::erase_if(settings.proxies, [this](const auto& one) { return find(one.name) == nullptr; });
  warn_of_loops();
}

Result<void> ProxiesPart::apply(const proxy::Settings& settings) {
  Proxy* const present = find(settings.name);
  if (present == nullptr) {
    auto opened = open(settings);
    if (opened) log_ready(*open_.back(), &telemetry::Log::info);
    return opened;
  }
  const std::string before = places_of(present->door());
  auto done = present->door().reload(settings);
  const std::string after = places_of(present->door());
  if (after != before)
    log_.info("listens on other addresses", {{"proxy", settings.name}, {"address", after}});
  return done;
}

ProxiesPart::Proxy* ProxiesPart::next_after(const Proxy& proxy) const {
  if (!proxy.upstream()) return nullptr;
  const HostPort& upstream = proxy.door().settings().upstream;
  const auto next = std::ranges::find_if(open_, [&](const auto& each) {
    return listens_at(each->door(), upstream, *proxy.upstream());
  });
  return next == open_.end() ? nullptr : next->get();
}

// The configuration shows most loops before the start; names and addresses of interfaces only show
// here, when a connection has been made. A connection that comes back waits for the place that it
// has itself.
void ProxiesPart::warn_of_loops() {
  for (const auto& first : open_) {
    std::string way = quote(first->name());
    const Proxy* at = next_after(*first);
    for (std::size_t steps = 0; at != nullptr && steps < open_.size(); ++steps) {
      way += " to " + quote(at->name());
      if (at->door().settings().semaphore_name() == first->door().settings().semaphore_name()) {
        if (warned_.insert(way).second)
          log_.warn("connections come back, and may wait for themselves for ever",
                    {{"proxy", first->name()}, {"way", way}});
        break;
      }
      at = next_after(*at);
    }
  }
}

void ProxiesPart::retire_removed(std::span<const proxy::Settings> wanted) {
  Proxies before;
  std::swap(before, open_);
  for (auto& proxy : before) {
    if (std::ranges::count(wanted, proxy->name(), &proxy::Settings::name) == 0)
      retire(std::move(proxy));
    else
      open_.push_back(std::move(proxy));
  }
}

// The door takes with it the commands that run or that it left running, so it stays until they have
// ended too.
void ProxiesPart::retire(std::unique_ptr<Proxy> proxy) {
  std::erase_if(retired_, [](const auto& gone) { return gone->door().is_idle(); });
  log_.info("the proxy is removed; its connections may finish", {{"proxy", proxy->name()}});
  proxy->door().retire();
  retired_.push_back(std::move(proxy));
}

void ProxiesPart::visit(const std::function<void(Proxy&)>& visit) const {
  for (const Proxies* const group : {&open_, &retired_})
    for (const auto& proxy : *group)
      visit(*proxy);
}

Duration ProxiesPart::drain_time() const {
  Duration longest{};
  visit([&longest](Proxy& proxy) {
    if (proxy.door().active_count() == 0) return;
    longest = std::max(longest, proxy.door().settings().drain_timeout);
  });
  return longest;
}

void ProxiesPart::drain(TimePoint /*deadline*/, Drained on_drained) {
  THROTTLE_CHECK(!on_drained_);
  on_drained_ = std::move(on_drained);
  draining_ = open_.size() + retired_.size() + 1;
  visit([this](Proxy& proxy) { proxy.door().drain([this] { on_proxy_drained(); }); });
  on_proxy_drained();  // the one more: nobody is notified before all drain
}

void ProxiesPart::on_proxy_drained() {
  THROTTLE_CHECK(draining_ > 0);
  if (--draining_ == 0) on_drained_();
}

void ProxiesPart::close_now() {
  visit([](Proxy& proxy) { proxy.door().close_now(); });
}

std::size_t ProxiesPart::open_count() const {
  std::size_t active = 0;
  visit([&active](Proxy& proxy) { active += proxy.door().active_count(); });
  return active;
}

void ProxiesPart::write_metrics(TimePoint /*now*/, pages::MetricsPage& page) {
  std::map<std::string_view, pages::ProxyMetrics::Now> now;
  visit([&now](Proxy& proxy) {
    now[proxy.name()].active += proxy.door().active_count();
    now[proxy.name()].waiting += proxy.door().waiting_count();
  });
  std::vector<pages::ProxyMetrics::Shown> shown;
  for (const auto& [name, metrics] : metrics_)
    shown.push_back({name, metrics, now[name]});
  pages::ProxyMetrics::write(std::move(shown), page);
}

// A removed proxy is listed until its last connection has ended. It may be destroyed while the page
// is written, so the page has its number.
std::vector<pages::ShownProxy> ProxiesPart::shown() const {
  std::vector<pages::ShownProxy> list;
  visit([&](Proxy& proxy) {
    const proxy::TcpDoor& door = proxy.door();
    const bool is_open = find(proxy.name()) == &proxy;
    if (!is_open && door.active_count() == 0) return;
    const auto visit_slice = [this, number = proxy.number()](auto& cursor, std::size_t most,
                                                             const auto& see) {
      const Proxy* const present = find(number);
      if (present != nullptr) present->door().visit_connections(cursor, most, see);
      return present != nullptr;
    };
    list.push_back({.head = {.name = proxy.name(),
                             .listen = places_of(door),
                             .upstream = door.settings().upstream.to_string(),
                             .semaphore = door.settings().semaphore_name(),
                             .active = door.active_count(),
                             .waiting = door.waiting_count()},
                    .visit = visit_slice});
  });
  return list;
}

}  // namespace throttle::app
