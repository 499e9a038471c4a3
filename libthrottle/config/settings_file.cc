// Reads the file and its tables in the order in which they depend on each other.
#include "libthrottle/config/settings_file.h"

#include <algorithm>
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
#include "libthrottle/config/setting_keys.h"
#include "libthrottle/config/table_reader.h"

namespace throttle::config {

namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;

void read_semaphore(TableReader table, SemaphoreSettings& semaphore) {
  if (!table.integer("max", semaphore.full_count)) table.missing("max", "an integer");
  table.integer("level", semaphore.level);
  table.formed("order", semaphore.order, kOrder);
  table.integer("max_pending", semaphore.max_pending);
  table.finish();
}

// Published servers take both, so this one starts with them too.
void doubt_semaphore(const TableReader& table, const Entry& entry,
                     const SemaphoreSettings& semaphore) {
  if (semaphore.full_count < 0) {
    table.doubt(entry.value, entry.key,
                "a negative count, " + std::to_string(semaphore.full_count) +
                    ", closes the semaphore as 0 does; write 0 if that is intended");
  }
  if (!fits_into_a_path(semaphore.name)) {
    table.doubt(entry.value, entry.key,
                "no URL can carry this name, so no client can acquire it; choose another name");
  }
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
    doubt_semaphore(table, entry, semaphore);
    settings.semaphores.push_back(std::move(semaphore));
  }
}

// Of older servers, which looked for expired leases from time to time.
void read_litter_collection(TableReader& table) {
  constexpr std::string_view kKey = "litter_collection_interval";
  Duration interval{};
  table.formed(kKey, interval, kDuration);
  const Value* const value = table.find(kKey);
  if (value == nullptr || value->kind != Value::Kind::kString) return;
  if (!kDuration.parse(value->text)) return;
  table.warning(*value, kKey,
                "has no effect, because leases expire exactly when their time is over; remove it");
}

void read_logging(TableReader table, ServerSettings& settings) {
  if (auto terminal = table.table("stderr")) {
    read_keys(*terminal, "logging.stderr", settings);
    terminal->finish();
  }
  if (auto gelf = table.table("gelf")) {
    settings.logging.gelf.emplace();
    read_keys(*gelf, "logging.gelf", settings);
    gelf->finish();
  }
  if (auto file = table.table("file")) {
    settings.logging.file.emplace();
    read_keys(*file, "logging.file", settings);
    file->finish();
  }
  if (auto syslog = table.table("syslog")) {
    settings.logging.syslog.emplace();
    read_keys(*syslog, "logging.syslog", settings);
    syslog->finish();
  }
  if (auto event_log = table.table("eventlog")) {
    settings.logging.event_log.emplace();
    read_keys(*event_log, "logging.eventlog", settings);
    event_log->finish();
  }
  table.finish();
}

void read_server(TableReader table, ServerSettings& settings) {
  if (const auto semaphores = table.table("semaphores")) read_semaphores(*semaphores, settings);
  auto http = table.table("http");
  if (http) {
    read_keys(*http, "http", settings);
    http->finish();
  }
  if (const auto logging = table.table("logging")) read_logging(*logging, settings);
  if (auto journal = table.table("journal")) {
    read_keys(*journal, "journal", settings);
    journal->finish();
  }
  if (auto events = table.table("events")) {
    read_keys(*events, "events", settings);
    events->finish();
  }
  read_keys(table, "", settings);
  read_litter_collection(table);
  read_proxies(table, settings);
  if (auto status = table.table("proxy_status")) {
    settings.status.emplace();
    read_keys(*status, "proxy_status", settings);
    status->finish();
    check_listen(*status, *settings.status, settings);
  }
  if (http) check_listen(*http, settings.http.listen, settings);
  table.finish();
}

std::filesystem::path native_path(const std::string& text) {
  return {std::u8string(text.begin(), text.end())};
}

// Paths in a file are relative to its folder: a service has no working directory that people know.
void complete_paths(ServerSettings& settings, const std::filesystem::path& folder) {
  const auto complete = [&folder](std::string& path) {
    const std::u8string whole = (folder / native_path(path)).u8string();
    path.assign(whole.begin(), whole.end());
  };
  if (settings.logging.file) complete(settings.logging.file->path);
  if (!settings.journal.path.empty()) complete(settings.journal.path);
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
  if (text.size() > kMostBytes) return unreadable(shown, "it is larger than 1 MiB");
  return text;
}

}  // namespace

Result<LoadedSettings> parse_settings(std::string_view text, std::string_view file) {
  Findings findings(file);
  LoadedSettings loaded;
  if (const auto document = parse_document(text, findings)) {
    read_server(TableReader(*document, "", findings), loaded.settings);
    loaded.has_semaphores_table =
        std::ranges::count(document->entries, "semaphores", &Entry::key) > 0;
  }
  if (findings.has_errors()) return fail(ErrorCode::kInvalidArgument, findings.report());
  loaded.warnings = findings.warnings();
  loaded.doubts = findings.doubts();
  if (semaphores_in_force(loaded.settings).empty()) {
    loaded.warnings.push_back(
        std::string(file) +
        ": no semaphores are configured, so every request for a lease is refused");
  }
  return loaded;
}

Result<LoadedSettings> without_doubts(Result<LoadedSettings> loaded) {
  if (!loaded || loaded->doubts.empty()) return loaded;
  std::string report;
  for (const std::string& doubt : loaded->doubts)
    report += (report.empty() ? "" : "\n") + doubt;
  return fail(ErrorCode::kInvalidArgument, report);
}

Result<LoadedSettings> load_settings_file(const std::string& path) {
  const std::filesystem::path native = native_path(path);
  std::error_code error;
  const auto status = std::filesystem::status(native, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    LoadedSettings defaults;
    defaults.file = FileState::kMissing;
    defaults.warnings.push_back(path +
                                ": no such file; no semaphores are configured, so "
                                "every request for a lease is refused");
    return defaults;
  }
  if (error) return unreadable(path, error.message());
  if (status.type() == std::filesystem::file_type::directory) {
    return unreadable(path, "it is a directory");
  }
  auto loaded = read_whole(native, path).and_then([&path](const std::string& text) {
    return parse_settings(text, path);
  });
  if (loaded) complete_paths(loaded->settings, native.parent_path());
  return loaded;
}

}  // namespace throttle::config
