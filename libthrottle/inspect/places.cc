// Finds servers and journals. A configuration file that nobody named may be missing.
#include "libthrottle/inspect/places.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "libthrottle/config/document.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"

namespace throttle::inspect {

namespace {

constexpr std::string_view kDefaultFile = "throttle.toml";
constexpr std::uint16_t kDefaultPort = 8000;

std::filesystem::path path_of(const std::string& utf8) {
  return std::u8string(utf8.begin(), utf8.end());
}

// The configuration file; nothing if none was named and none is here.
Result<std::optional<config::Value>> read_configuration(const Context& context) {
  const bool named = context.given.has("configuration");
  const std::string file = named ? context.given.value("configuration") : std::string(kDefaultFile);
  std::ifstream stream(path_of(file), std::ios::binary);
  if (!stream) {
    if (!named) return std::nullopt;
    return fail(ErrorCode::kNotFound, file + " cannot be read.");
  }
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  config::Findings findings(file);
  auto document = config::parse_document(text, findings);
  if (!document) return fail(ErrorCode::kInvalidArgument, findings.report());
  return document;
}

const config::Value* find(const config::Value& table, std::string_view key) {
  for (const config::Entry& entry : table.entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

// What a server listens on, as an address to connect to.
HostPort reachable(HostPort listen) {
  if (listen.host.empty() || listen.host == "0.0.0.0") listen.host = "127.0.0.1";
  if (listen.host == "::") listen.host = "::1";
  return listen;
}

// `host` and `port` of [http], or of [proxy_status] where there is no [http].
Result<std::optional<HostPort>> configured_server(const config::Value& document) {
  const config::Value* table = find(document, "http");
  if (table == nullptr) table = find(document, "proxy_status");
  if (table == nullptr) return std::nullopt;
  const config::Value* const listen = find(*table, "listen");
  if (listen == nullptr || listen->kind != config::Value::Kind::kString) return std::nullopt;
  auto place = parse_host_port(listen->text);
  if (!place) place = parse_host_port("0.0.0.0:" + listen->text);  // a port alone
  if (!place) return tl::unexpected(place.error());
  return reachable(*std::move(place));
}

Result<Duration> timeout_of(const Context& context) {
  if (!context.given.has("timeout")) return std::chrono::seconds(5);
  auto timeout = parse_duration(context.given.value("timeout"));
  if (!timeout) return fail(ErrorCode::kInvalidArgument, "--timeout: " + timeout.error().message);
  return timeout;
}

}  // namespace

Result<HostPort> parse_server(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  const std::string_view whole = text;
  if (text.starts_with("https://"))
    return fail(ErrorCode::kInvalidArgument,
                quote(whole) + ": the server speaks no TLS; write http://HOST:PORT.");
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  if (auto place = parse_host_port(text)) return place;
  auto host = parse_host(text);
  if (host && !host->empty() && text.find('/') == std::string_view::npos)
    return HostPort{*std::move(host), kDefaultPort};
  return fail(ErrorCode::kInvalidArgument, quote(whole) + " is no server; write http://HOST:PORT.");
}

Result<ServerPlace> server_place(const Context& context) {
  const auto timeout = timeout_of(context);
  if (!timeout) return tl::unexpected(timeout.error());
  std::string named = context.given.value("server");
  if (named.empty()) named = context.world.variable("THROTTLE_SERVER");
  if (!named.empty()) {
    auto place = parse_server(named);
    if (!place) return tl::unexpected(place.error());
    return ServerPlace{*std::move(place), *timeout};
  }
  const auto document = read_configuration(context);
  if (!document) return tl::unexpected(document.error());
  if (*document) {
    const auto configured = configured_server(**document);
    if (!configured) return tl::unexpected(configured.error());
    if (*configured) return ServerPlace{**configured, *timeout};
  }
  return ServerPlace{{"127.0.0.1", kDefaultPort}, *timeout};
}

Result<std::vector<std::string>> journal_places(const Context& context) {
  std::vector<std::string> named = context.given.values("journal");
  if (named.empty()) {
    const std::string variable = context.world.variable("THROTTLE_JOURNAL");
    if (!variable.empty()) named.push_back(variable);
  }
  if (!named.empty()) return named;
  const auto document = read_configuration(context);
  if (!document) return tl::unexpected(document.error());
  const config::Value* const table = *document ? find(**document, "journal") : nullptr;
  const config::Value* const path = table == nullptr ? nullptr : find(*table, "path");
  if (path != nullptr && path->kind == config::Value::Kind::kString && !path->text.empty()) {
    const std::string file = context.given.has("configuration")
                                 ? context.given.value("configuration")
                                 : std::string(kDefaultFile);
    const auto relative = path_of(file).parent_path() / path_of(path->text);
    const std::u8string text = relative.u8string();
    return std::vector<std::string>{std::string(text.begin(), text.end())};
  }
  return fail(ErrorCode::kInvalidArgument,
              "No journal is named. Use -j FILE, or the variable THROTTLE_JOURNAL, or -c with a "
              "configuration file that has a path in [journal].");
}

}  // namespace throttle::inspect
