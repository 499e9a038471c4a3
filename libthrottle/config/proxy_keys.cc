// The rows, and what two settings of one proxy must not be together.
#include "libthrottle/config/proxy_keys.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "libthrottle/config/unix_place.h"
#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/ip_network.h"
#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

using proxy::Settings;

// --- how the values are written ---

template <std::int64_t kLeast, std::int64_t kMost = Range().most>
Result<std::int64_t> parse_in_range(std::string_view text) {
  return parse_integer(text, {kLeast, kMost});
}
constexpr Form<std::int64_t> kNatural{"an integer from 0 on", &parse_in_range<0>};
constexpr Form<std::int64_t> kExtra{"an integer from 0 to 1000", &parse_in_range<0, 1000>};
constexpr Form<std::int64_t> kV4Bits{"an integer from 0 to 32", &parse_in_range<0, 32>};
constexpr Form<std::int64_t> kV6Bits{"an integer from 0 to 128", &parse_in_range<0, 128>};
constexpr Form<std::int64_t> kKept{"an integer from 0 to 16777216",
                                   &parse_in_range<0, 16 * 1024 * 1024>};

// kTime and kLimit are kDuration and kTimeLimit, except that a number without a unit is one of
// milliseconds, as in TCPLock.
std::string with_unit(std::string_view text) {
  const bool bare = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return std::string(text) + (bare ? "ms" : "");
}

Result<Duration> parse_time(std::string_view text) {
  return parse_duration(with_unit(text));
}
constexpr Form<Duration> kTime{R"(a duration such as "20s", or milliseconds)", &parse_time};

constexpr std::string_view kLimits = R"(a duration above zero such as "20s", or milliseconds)";
Result<Duration> parse_limit(std::string_view text) {
  auto length = parse_time(text);
  if (length && *length == Duration::zero()) return unlike(kLimits, text);
  return length;
}
constexpr Form<Duration> kLimit{kLimits, &parse_limit};

Result<HostPort> parse_upstream(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return parse_unix_place(text);
  auto upstream = parse_host_port(text);
  if (!upstream) upstream.error().message += advice_on_place(text, UnixSockets::kAccepted);
  if (upstream && upstream->port == 0) return unlike("a port from 1 to 65535", text);
  return upstream;
}
constexpr Form<HostPort> kUpstream{R"(an address such as "localhost:8100")", &parse_upstream};

constexpr std::string_view kModes = R"(permissions in octal digits such as "0660")";
Result<unsigned> parse_mode(std::string_view text) {
  unsigned mode = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, mode, 8);
  const bool fits = error == std::errc() && stop == end && text.size() <= 4 && mode <= 0777;
  if (!fits) return unlike(kModes, text);
  return mode;
}
constexpr Form<unsigned> kMode{kModes, &parse_mode};

Result<std::string> parse_semaphore(std::string_view text) {
  if (text.empty()) return unlike("the name of a semaphore", text);
  return std::string(text);
}
constexpr Form<std::string> kSemaphore{"the name of a semaphore", &parse_semaphore};

Result<std::string> parse_command(std::string_view text) {
  return std::string(text);
}
constexpr Form<std::string> kCommand{"a command", &parse_command};

constexpr std::size_t kMostWords = 4096;
Result<std::string> parse_words(std::string_view text) {
  if (text.empty() || text.size() > kMostWords) return unlike("a text of 1 to 4096 bytes", text);
  return std::string(text);
}
constexpr Form<std::string> kWords{"a text of 1 to 4096 bytes", &parse_words};

constexpr std::string_view kActivations = R"("connect" or "first-byte")";
Result<gate::ActivateOn> parse_activation(std::string_view text) {
  if (text == "connect") return gate::ActivateOn::kConnect;
  if (text == "first-byte") return gate::ActivateOn::kFirstByte;
  return unlike(kActivations, text);
}
constexpr Form<gate::ActivateOn> kActivation{kActivations, &parse_activation};

constexpr std::string_view kRejections = R"("close", "reset" or "http")";
Result<gate::Rejection> parse_rejection(std::string_view text) {
  if (text == "close") return gate::Rejection::kClose;
  if (text == "reset") return gate::Rejection::kReset;
  if (text == "http") return gate::Rejection::kHttp;
  return unlike(kRejections, text);
}
constexpr Form<gate::Rejection> kRejection{kRejections, &parse_rejection};

constexpr std::string_view kRates = R"(a rate such as "10/1s" or "100/min")";
Result<gate::MaxRate> parse_rate(std::string_view text) {
  const std::size_t sign = text.find('/');
  if (sign == std::string_view::npos) return unlike(kRates, text);
  const auto number = parse_integer(text.substr(0, sign), {1, 1'000'000});
  const std::string unit(text.substr(sign + 1));
  auto time = parse_duration(unit);
  if (!time) time = parse_duration('1' + unit);
  if (!number || !time || *time <= Duration::zero()) return unlike(kRates, text);
  return gate::MaxRate{.connections = static_cast<std::size_t>(*number), .time = *time};
}
constexpr Form<gate::MaxRate> kRate{kRates, &parse_rate};

constexpr std::string_view kVersions = R"("none", "v1" or "v2")";
Result<proxy::SendProxy> parse_version(std::string_view text) {
  if (text == "none") return proxy::SendProxy::kNone;
  if (text == "v1") return proxy::SendProxy::kV1;
  if (text == "v2") return proxy::SendProxy::kV2;
  return unlike(kVersions, text);
}
constexpr Form<proxy::SendProxy> kVersion{kVersions, &parse_version};

constexpr std::string_view kChecks = R"("start" or "none")";
Result<proxy::UpstreamCheck> parse_check(std::string_view text) {
  if (text == "start") return proxy::UpstreamCheck::kStart;
  if (text == "none") return proxy::UpstreamCheck::kNone;
  return unlike(kChecks, text);
}
constexpr Form<proxy::UpstreamCheck> kCheck{kChecks, &parse_check};

constexpr std::string_view kFlag = "true or false";
bool is_true(std::string_view text) {
  return text == "true";
}

// --- settings of several parts ---

constexpr std::string_view kPlaces =
    R"(a port or an address such as "127.0.0.1:9000", or an array of these)";
Result<void> add_place(std::string_view text, Settings& settings) {
  return parse_listen_of_proxy(text).map(
      [&settings](HostPort place) { settings.listen.push_back(std::move(place)); });
}

constexpr std::string_view kTrusted = R"(an array of networks such as ["10.0.0.0/8"])";
Result<void> add_trusted(std::string_view text, Settings& settings) {
  auto network = IpNetwork::parse(text);
  if (!network) return tl::unexpected(network.error());
  settings.accept_proxy.push_back(*network);
  return {};
}

Result<std::size_t> parse_client_limit(std::string_view text) {
  if (text == "none") return ConnectionLimiter::kUnlimited;
  const auto limit = kNatural.parse(text);
  if (!limit) return unlike(R"(an integer from 0 on or "none")", text);
  return static_cast<std::size_t>(*limit);
}

constexpr std::string_view kClientLimits =
    R"(a table such as { "10.0.0.0/8" = 5, "192.168.1.7" = "none" })";
Result<void> add_client_limit(std::string_view text, Settings& settings) {
  const std::size_t sign = text.rfind('=');
  if (sign == std::string_view::npos) return unlike("NETWORK=N or NETWORK=none", text);
  const auto network = IpNetwork::parse(text.substr(0, sign));
  if (!network) return tl::unexpected(network.error());
  const auto limit = parse_client_limit(text.substr(sign + 1));
  if (!limit) return tl::unexpected(limit.error());
  auto& overrides = settings.client_limits.overrides;
  if (std::ranges::count(overrides, *network, &ConnectionLimiter::Override::network) > 0) {
    return fail(ErrorCode::kInvalidArgument, network->to_string() + " has a limit already");
  }
  overrides.push_back({*network, *limit});
  return {};
}

// --- the rows ---

constexpr ProxyKey kWhere[] = {
    {"listen", "listen,l", Shape::kOneOrMore, "[ADDRESS:]PORT", "",
     "Where clients connect; a bare port: on all addresses; unix:/PATH: a Unix socket. May be "
     "repeated",
     kPlaces, &add_place},
    {"socket_mode", "socket-mode", Shape::kString, "MODE", "0660",
     "Permissions of such a socket; a client has to be allowed to write", kMode.expected,
     [](std::string_view text, Settings& s) { return put(kMode.parse(text), s.socket_mode); }},
    {"upstream", "upstream", Shape::kString, "HOST:PORT", "",
     "The service, in one, or unix:/PATH; or by --upstream-host and --upstream-port",
     kUpstream.expected,
     [](std::string_view text, Settings& s) { return put(kUpstream.parse(text), s.upstream); }},
    {"upstream_check", "upstream-check", Shape::kString, "WHEN", "start",
     "When to see whether the service answers: start (one connection, at once closed), or none",
     kCheck.expected,
     [](std::string_view text, Settings& s) { return put(kCheck.parse(text), s.upstream_check); }},
    {"semaphore", "", Shape::kString, "", "", "", kSemaphore.expected,
     [](std::string_view text, Settings& s) { return put(kSemaphore.parse(text), s.semaphore); }},
};

constexpr ProxyKey kQueue[] = {
    {"max_connections", "max-connections,n", Shape::kInteger, "N", "1",
     "Clients connected to the service at a time; the others wait. 0: all wait", kNatural.expected,
     [](std::string_view text, Settings& s) {
       return put(kNatural.parse(text), s.max_connections);
     }},
    {"extra_per_client", "extra-per-client", Shape::kInteger, "N", "0",
     "Places beyond these for each address that has one, such as for psql's Ctrl+C",
     kExtra.expected,
     [](std::string_view text, Settings& s) {
       return put(kExtra.parse(text), s.extra_per_client);
     }},
    {"queue_order", "queue-order", Shape::kString, "ORDER", "fifo",
     "Which client is next: fifo (came first), lifo (came last), or fair (each address in turn)",
     kOrder.expected,
     [](std::string_view text, Settings& s) { return put(kOrder.parse(text), s.queue_order); }},
    {"max_queue", "max-queue", Shape::kInteger, "N", "10000",
     "Clients that may wait; more are rejected", kNatural.expected,
     [](std::string_view text, Settings& s) { return put(kNatural.parse(text), s.max_queue); }},
    {"queue_timeout", "queue-timeout", Shape::kStringOrInteger, "TIME", "",
     "Reject a client that has waited for this long", kLimit.expected,
     [](std::string_view text, Settings& s) { return put(kLimit.parse(text), s.queue_timeout); }},
    {"activate_on", "activate-on", Shape::kString, "WHEN", "connect",
     "When a client joins the queue: connect, or first-byte (so that port scans and health checks "
     "do not; only where the client speaks first)",
     kActivation.expected,
     [](std::string_view text, Settings& s) {
       return put(kActivation.parse(text), s.activate_on);
     }},
    {"first_byte_timeout", "first-byte-timeout", Shape::kStringOrInteger, "TIME", "1min",
     "With --activate-on first-byte: reject a client that has sent nothing for this long",
     kLimit.expected,
     [](std::string_view text, Settings& s) {
       return put(kLimit.parse(text), s.first_byte_timeout);
     }},
    {"abort_on_close", "abort-on-close", Shape::kBoolean, "", "false",
     "A waiting client that has sent something and closed its sending side counts as gone", kFlag,
     [](std::string_view text, Settings& s) {
       s.half_closed = is_true(text) ? gate::HalfClosed::kHasLeft : gate::HalfClosed::kIsServed;
       return Result<void>();
     }},
    {"waiting_bytes", "waiting-bytes", Shape::kInteger, "BYTES", "16384",
     "Kept of what a client sends while it waits; the rest stays in its socket", kKept.expected,
     [](std::string_view text, Settings& s) { return put(kKept.parse(text), s.waiting_bytes); }},
};

constexpr ProxyKey kTimes[] = {
    {"timeout", "timeout,t", Shape::kStringOrInteger, "TIME", "",
     "Longest life of a connection once it is admitted, busy or not", kLimit.expected,
     [](std::string_view text, Settings& s) { return put(kLimit.parse(text), s.time_to_live); }},
    {"idle_timeout", "idle-timeout", Shape::kStringOrInteger, "TIME", "",
     "End a connection on which nothing was sent for this long", kLimit.expected,
     [](std::string_view text, Settings& s) { return put(kLimit.parse(text), s.idle_timeout); }},
    {"idle_timeout_when_queued", "idle-timeout-when-queued", Shape::kStringOrInteger, "TIME", "",
     "The same, but only while others wait for a place", kLimit.expected,
     [](std::string_view text, Settings& s) {
       return put(kLimit.parse(text), s.idle_timeout_when_queued);
     }},
    {"close_timeout", "close-timeout", Shape::kStringOrInteger, "TIME", "1min",
     "How long a client may keep its side open after the service has closed its own",
     kLimit.expected,
     [](std::string_view text, Settings& s) { return put(kLimit.parse(text), s.close_timeout); }},
    {"vanish_timeout", "vanish-timeout", Shape::kStringOrInteger, "TIME", "1min",
     "End a connection whose client or service acknowledges nothing it was sent for this long",
     kLimit.expected,
     [](std::string_view text, Settings& s) { return put(kLimit.parse(text), s.vanish_timeout); }},
    {"connect_timeout", "connect-timeout", Shape::kStringOrInteger, "TIME", "5s",
     "How long the service may take to accept a connection, retries included", kLimit.expected,
     [](std::string_view text, Settings& s) { return put(kLimit.parse(text), s.connect_timeout); }},
    {"drain_timeout", "drain-timeout", Shape::kStringOrInteger, "TIME", "30s",
     "How long open connections may take to end when the proxy stops", kTime.expected,
     [](std::string_view text, Settings& s) { return put(kTime.parse(text), s.drain_timeout); }},
};

constexpr ProxyKey kHooks[] = {
    {"before_activate", "before-activate", Shape::kString, "COMMAND", "",
     "Run before a client is admitted; unless it exits with 0 the client is rejected",
     kCommand.expected,
     [](std::string_view text, Settings& s) {
       return put(kCommand.parse(text), s.hooks.before_activate);
     }},
    {"on_timeout", "on-timeout", Shape::kString, "COMMAND", "",
     "Run when a connection has reached its --timeout", kCommand.expected,
     [](std::string_view text, Settings& s) {
       return put(kCommand.parse(text), s.hooks.on_timeout);
     }},
    {"recycle", "recycle", Shape::kString, "COMMAND", "",
     "Restarts the service; run when nobody is connected to it, while all others wait",
     kCommand.expected,
     [](std::string_view text, Settings& s) { return put(kCommand.parse(text), s.hooks.recycle); }},
    {"recycle_every", "recycle-every", Shape::kInteger, "N", "0",
     "Recycle after this number of connections. 0: never", kNatural.expected,
     [](std::string_view text, Settings& s) {
       return put(kNatural.parse(text), s.hooks.recycle_every);
     }},
    {"recycle_after_timeout", "recycle-after-timeout", Shape::kBoolean, "", "false",
     "Recycle after a connection has reached its --timeout", kFlag,
     [](std::string_view text, Settings& s) {
       s.hooks.recycle_after_timeout = is_true(text);
       return Result<void>();
     }},
    {"recycle_drain_timeout", "recycle-drain-timeout", Shape::kStringOrInteger, "TIME", "",
     "How long open connections may take to end before a recycling; then they are cut off",
     kLimit.expected,
     [](std::string_view text, Settings& s) {
       return put(kLimit.parse(text), s.hooks.recycle_drain_timeout);
     }},
    {"ready", "ready", Shape::kString, "COMMAND", "",
     "Run after a recycling until it exits with 0: then the service is ready. Without it, trial "
     "connections decide",
     kCommand.expected,
     [](std::string_view text, Settings& s) { return put(kCommand.parse(text), s.hooks.ready); }},
    {"ready_timeout", "ready-timeout", Shape::kStringOrInteger, "TIME", "1min",
     "How long the service may take to answer again after a recycling", kLimit.expected,
     [](std::string_view text, Settings& s) {
       return put(kLimit.parse(text), s.hooks.ready_timeout);
     }},
    {"ready_stay", "ready-stay", Shape::kStringOrInteger, "TIME", "250ms",
     "How long a trial connection has to stay open then, unless the service says something",
     kTime.expected,
     [](std::string_view text, Settings& s) { return put(kTime.parse(text), s.hooks.ready_stay); }},
    {"hook_timeout", "hook-timeout", Shape::kStringOrInteger, "TIME", "1min",
     "End a command that takes longer, with all its children", kLimit.expected,
     [](std::string_view text, Settings& s) { return put(kLimit.parse(text), s.hooks.timeout); }},
};

constexpr ProxyKey kClients[] = {
    {"max_per_client", "max-per-client", Shape::kInteger, "N", "",
     "Connections of one client, waiting ones included; more are rejected", kNatural.expected,
     [](std::string_view text, Settings& s) {
       return put(kNatural.parse(text), s.client_limits.max_per_client);
     }},
    {"client_limits", "client-limit", Shape::kTable, "NETWORK=N", "",
     "Another limit for each client in a network, as in 10.0.0.0/8=5; none exempts them. May be "
     "repeated; the narrowest network counts",
     kClientLimits, &add_client_limit},
    {"max_rate", "max-rate", Shape::kString, "N/TIME", "",
     "New connections of one client, as in 10/1s or 100/min; more are rejected", kRate.expected,
     [](std::string_view text, Settings& s) { return put(kRate.parse(text), s.max_rate); }},
    {"ipv4_prefix", "ipv4-prefix", Shape::kInteger, "BITS", "32",
     "IPv4 addresses with this many leading bits in common are one client", kV4Bits.expected,
     [](std::string_view text, Settings& s) {
       return put(kV4Bits.parse(text), s.client_limits.v4_prefix_bits);
     }},
    {"ipv6_prefix", "ipv6-prefix", Shape::kInteger, "BITS", "64",
     "IPv6 addresses with this many leading bits in common are one client", kV6Bits.expected,
     [](std::string_view text, Settings& s) {
       return put(kV6Bits.parse(text), s.client_limits.v6_prefix_bits);
     }},
    {"reject", "reject", Shape::kString, "HOW", "close",
     "How a client is rejected: close, reset, or http (status 429 or 503)", kRejection.expected,
     [](std::string_view text, Settings& s) { return put(kRejection.parse(text), s.rejection); }},
    {"reject_text", "reject-text", Shape::kString, "TEXT", "",
     R"(Instead: send the client this, as in "421 busy\r\n", with escapes as in TOML)",
     kWords.expected,
     [](std::string_view text, Settings& s) { return put(kWords.parse(text), s.reject_text); }},
};

constexpr ProxyKey kProxyProtocol[] = {
    {"send_proxy", "send-proxy", Shape::kString, "VERSION", "none",
     "Send the address of the client to the service: v1, v2 or none", kVersion.expected,
     [](std::string_view text, Settings& s) { return put(kVersion.parse(text), s.send_proxy); }},
    {"accept_proxy", "accept-proxy", Shape::kStrings, "NETWORK", "",
     "Load balancers in this network must send the address of the client. May be repeated",
     kTrusted, &add_trusted},
    {"proxy_header_timeout", "proxy-header-timeout", Shape::kStringOrInteger, "TIME", "5s",
     "How long they may take to send it", kLimit.expected,
     [](std::string_view text, Settings& s) {
       return put(kLimit.parse(text), s.proxy_header_timeout);
     }},
};

constexpr ProxyKeyGroup kGroups[] = {
    {"Where", kWhere},
    {"The queue", kQueue},
    {"Times", kTimes},
    {"Commands, run by the system's shell", kHooks},
    {"Limits by client address", kClients},
    {"PROXY protocol", kProxyProtocol},
};

}  // namespace

std::span<const ProxyKeyGroup> proxy_key_groups() {
  return kGroups;
}

std::vector<Misfit> misfits(const proxy::Settings& settings) {
  const proxy::Hooks& hooks = settings.hooks;
  std::vector<Misfit> found;
  if (!hooks.recycle.empty() && hooks.recycle_every == 0 && !hooks.recycle_after_timeout) {
    found.push_back({"recycle", {"recycle_every", "recycle_after_timeout"}});
  }
  if (hooks.recycle.empty() && hooks.recycle_every > 0) {
    found.push_back({"recycle_every", {"recycle"}});
  }
  if (hooks.recycle.empty() && hooks.recycle_after_timeout) {
    found.push_back({"recycle_after_timeout", {"recycle"}});
  }
  if (hooks.recycle.empty() && !hooks.ready.empty()) found.push_back({"ready", {"recycle"}});
  if (hooks.recycle.empty() && hooks.recycle_drain_timeout != kForever) {
    found.push_back({"recycle_drain_timeout", {"recycle"}});
  }
  const bool mortal = settings.time_to_live != kForever;
  if (!mortal && hooks.recycle_after_timeout) {
    found.push_back({"recycle_after_timeout", {"timeout"}});
  }
  if (!mortal && !hooks.on_timeout.empty()) found.push_back({"on_timeout", {"timeout"}});
  return found;
}

std::string describe(const Misfit& misfit, std::string (*spell)(std::string_view key)) {
  std::string text = "has no effect without ";
  for (const std::string_view key : misfit.needs) {
    text += (key == misfit.needs.front() ? "" : " or ") + spell(key);
  }
  return text;
}

}  // namespace throttle::config
