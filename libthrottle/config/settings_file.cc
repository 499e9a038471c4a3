#include "libthrottle/config/settings_file.h"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "libthrottle/config/document.h"
#include "libthrottle/config/findings.h"
#include "libthrottle/config/forms.h"
#include "libthrottle/config/proxy_tables.h"
#include "libthrottle/config/table_reader.h"

namespace throttle::config {

namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;

constexpr std::string_view kLevels = R"("off", "error", "warn", "info", "debug" or "trace")";
Result<std::string> parse_level(std::string_view text) {
  std::string level(text);
  for (char& c : level) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string_view known : {"off", "error", "warn", "info", "debug", "trace"}) {
    if (level == known) return level;
  }
  return unlike(kLevels, text);
}
constexpr Form<std::string> kLevel{kLevels, &parse_level};

constexpr std::string_view kCompressions = R"("none", "gzip" or "zlib")";
Result<GelfCompression> parse_compression(std::string_view text) {
  if (text == "none") return GelfCompression::kNone;
  if (text == "gzip") return GelfCompression::kGzip;
  if (text == "zlib") return GelfCompression::kZlib;
  return unlike(kCompressions, text);
}
constexpr Form<GelfCompression> kCompression{kCompressions, &parse_compression};

constexpr Form<LogFormat> kLogFormat{kLogFormats, &parse_log_format};

void read_semaphore(TableReader table, SemaphoreSettings& semaphore) {
  if (!table.integer("max", semaphore.full_count)) table.missing("max", "an integer");
  table.integer("level", semaphore.level);
  table.formed("order", semaphore.order, kOrder);
  table.integer("max_pending", semaphore.max_pending);
  table.finish();
}

void read_semaphores(const TableReader& table, ServerSettings& settings) {
  for (const Entry& entry : table.entries()) {
    SemaphoreSettings semaphore;
    semaphore.name = entry.key;
    switch (entry.value.kind) {
      case Value::Kind::kInteger:
        semaphore.full_count = entry.value.integer;
        break;
      case Value::Kind::kTable:
        read_semaphore(table.inner(entry), semaphore);
        break;
      default:
        table.unfit(entry.value, entry.key, "an integer or a table with the key max");
    }
    settings.semaphores.push_back(std::move(semaphore));
  }
}

void read_http(TableReader table, HttpSettings& http) {
  constexpr Range kConnections{1, 1'000'000};
  constexpr Range kHeaderBytes{1024, 16 * 1024 * 1024};
  constexpr Range kBodyBytes{0, 1024 * 1024 * 1024};
  table.formed("listen", http.listen, kHostPort);
  table.integer("max_connections", http.max_connections, kConnections);
  table.integer("max_per_client", http.max_per_client, kConnections);
  table.integer("max_header_bytes", http.max_header_bytes, kHeaderBytes);
  table.integer("max_body_bytes", http.max_body_bytes, kBodyBytes);
  table.formed("header_timeout", http.header_timeout, kTimeLimit);
  table.formed("body_timeout", http.body_timeout, kTimeLimit);
  table.formed("idle_timeout", http.idle_timeout, kTimeLimit);
  table.formed("write_timeout", http.write_timeout, kTimeLimit);
  table.finish();
}

void read_stderr(TableReader table, StderrSettings& terminal) {
  if (!table.formed("level", terminal.level, kLevel)) table.missing("level", kLevel.expected);
  table.formed("format", terminal.format, kLogFormat);
  table.finish();
}

void read_gelf(TableReader table, GelfSettings& gelf) {
  constexpr Range kPorts{1, 65'535};
  constexpr Range kDatagramBytes{512, 65'507};  // to what UDP carries
  if (!table.text("name", gelf.name)) table.missing("name", "a string");
  if (!table.formed("host", gelf.host, kHost)) table.missing("host", kHost.expected);
  if (!table.integer("port", gelf.port, kPorts)) table.missing("port", "an integer");
  if (!table.formed("level", gelf.level, kLevel)) table.missing("level", kLevel.expected);
  table.formed("compression", gelf.compression, kCompression);
  table.integer("datagram_bytes", gelf.datagram_bytes, kDatagramBytes);
  table.finish();
}

void read_logging(TableReader table, LoggingSettings& logging) {
  if (const auto terminal = table.table("stderr")) read_stderr(*terminal, logging.terminal);
  if (const auto gelf = table.table("gelf")) read_gelf(*gelf, logging.gelf.emplace());
  table.finish();
}

void read_status(TableReader table, HostPort& status) {
  const auto take = [&status](std::string_view text) { return put(kListen.parse(text), status); };
  if (!table.texts("listen", Shape::kStringOrInteger, kListen.expected, take)) {
    table.missing("listen", kListen.expected);
  }
  table.finish();
}

void read_server(TableReader table, ServerSettings& settings) {
  if (const auto semaphores = table.table("semaphores")) read_semaphores(*semaphores, settings);
  auto http = table.table("http");
  if (http) read_http(*http, settings.http);
  if (const auto logging = table.table("logging")) read_logging(*logging, settings.logging);
  table.formed("startup_grace", settings.startup_grace, kDuration);
  table.formed("drain_timeout", settings.drain_timeout, kDuration);
  table.find("litter_collection_interval");  // of older servers; ours expire to the tick
  read_proxies(table, settings);
  if (auto status = table.table("proxy_status")) {
    read_status(*status, settings.status.emplace());
    check_listen(*status, *settings.status, settings);
  }
  if (http) check_listen(*http, settings.http.listen, settings);
  table.finish();
}

tl::unexpected<Error> unreadable(std::string_view path, std::string_view why) {
  return fail(ErrorCode::kUnavailable, std::string(path) + ": cannot be read: " + std::string(why));
}

Result<std::string> read_whole(const std::filesystem::path& path, std::string_view shown) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(shown, std::generic_category().message(errno));
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return unreadable(shown, "the system reports an error while reading");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostBytes) return unreadable(shown, "it has more than a mebibyte");
  return text;
}

}  // namespace

Result<LoadedSettings> parse_settings(std::string_view text, std::string_view file) {
  Findings findings(file);
  LoadedSettings loaded;
  if (const auto document = parse_document(text, findings)) {
    read_server(TableReader(*document, "", findings), loaded.settings);
  }
  if (findings.has_errors()) return fail(ErrorCode::kInvalidArgument, findings.report());
  loaded.warnings = findings.warnings();
  if (semaphores_in_force(loaded.settings).empty()) {
    loaded.warnings.push_back(
        std::string(file) + ": no semaphores are configured, so every request for one is refused");
  }
  return loaded;
}

Result<LoadedSettings> load_settings_file(const std::string& path) {
  const std::filesystem::path native(std::u8string(path.begin(), path.end()));
  std::error_code error;
  const auto status = std::filesystem::status(native, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    LoadedSettings defaults;
    defaults.file = FileState::kMissing;
    defaults.warnings.push_back(path +
                                ": no such file; no semaphores are configured, so "
                                "every request for one is refused");
    return defaults;
  }
  if (error) return unreadable(path, error.message());
  if (status.type() == std::filesystem::file_type::directory) {
    return unreadable(path, "it is a directory");
  }
  return read_whole(native, path).and_then([&path](const std::string& text) {
    return parse_settings(text, path);
  });
}

}  // namespace throttle::config
