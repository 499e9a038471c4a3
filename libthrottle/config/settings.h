// What a server is told to do: plain values with the defaults that hold where nothing is said.
//
// Every member names the key of the configuration file that sets it; examples/throttle.toml
// explains each of them. Threads: values only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/connection_limiter.h"
#include "libthrottle/core/ledger_types.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::config {

// [http]: the HTTP door. Time limits are above zero.
struct HttpSettings {
  HostPort listen{"127.0.0.1", 8000};
  std::size_t max_connections = 20'000;
  std::size_t max_per_client = ConnectionLimiter::kUnlimited;
  std::size_t max_header_bytes = 80 * 1024;  // request line and headers together
  std::size_t max_body_bytes = 2 * 1024 * 1024;
  Duration header_timeout = std::chrono::seconds(10);  // first byte of a request to end of head
  Duration body_timeout = std::chrono::seconds(30);    // from there to the end of the body
  Duration idle_timeout = std::chrono::seconds(120);   // between requests
  Duration write_timeout = std::chrono::seconds(30);   // for a client to take what it is sent

  bool operator==(const HttpSettings&) const = default;
};

// What the lines of the log look like: for people, or one JSON object each.
enum class LogFormat : std::uint8_t { kText, kJson };

inline constexpr std::string_view kLogFormats = R"("text" or "json")";
// Error kInvalidArgument: neither of them.
Result<LogFormat> parse_log_format(std::string_view text);

// Levels are "off", "error", "warn", "info", "debug" or "trace", in these letters.

// [logging.stderr]
struct StderrSettings {
  std::string level = "warn";
  LogFormat format = LogFormat::kText;

  bool operator==(const StderrSettings&) const = default;
};

// How the datagrams of GELF are packed.
enum class GelfCompression : std::uint8_t { kNone, kGzip, kZlib };

// [logging.gelf]: a copy of the log in Graylog's format, over UDP.
struct GelfSettings {
  std::string name;  // the host field of each message: who speaks
  std::string host;  // where to, not looked up yet
  std::uint16_t port = 0;
  std::string level;
  GelfCompression compression = GelfCompression::kGzip;
  std::size_t datagram_bytes = 1420;  // the longest; longer messages go in chunks

  bool operator==(const GelfSettings&) const = default;
};

struct LoggingSettings {
  StderrSettings terminal;
  std::optional<GelfSettings> gelf;

  bool operator==(const LoggingSettings&) const = default;
};

struct ServerSettings {
  HttpSettings http;
  std::vector<SemaphoreSettings> semaphores;  // [semaphores], in the order of their names
  Duration startup_grace{};                   // nothing is granted that soon after the start
  Duration drain_timeout = std::chrono::milliseconds(1500);  // for open requests when stopping
  LoggingSettings logging;
  std::vector<proxy::Settings> proxies;  // [proxy.NAME], in the order of their names
  std::optional<HostPort> status;  // [proxy_status]: where throttle-proxy shows itself over HTTP

  bool operator==(const ServerSettings&) const = default;
};

// The semaphores of the ledger: the configured ones, and those of the proxies that have their own.
std::vector<SemaphoreSettings> semaphores_in_force(const ServerSettings& settings);

// A proxy that is told to take the leases of another semaphore while it runs.
struct KeptSemaphore {
  std::string proxy;
  std::string kept;
  std::string wanted;
};

// Changes `wanted`, which is to replace `present`, so that each proxy of both keeps its semaphore:
// that alone counts the connections it has let through, and has the queue of those that wait. The
// limits of the semaphore are those of `wanted` where that has it still, else those of `present`.
// Returns those that would have changed.
std::vector<KeptSemaphore> keep_semaphores(ServerSettings& wanted, const ServerSettings& present);

}  // namespace throttle::config
