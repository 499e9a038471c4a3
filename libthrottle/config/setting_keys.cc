// The rows. A row names the setting by an accessor, which serves settings that are read and
// settings that are compared alike, and the way in which the value is written by a type (Formed,
// Ranged …).
#include "libthrottle/config/setting_keys.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "libthrottle/config/forms.h"
#include "libthrottle/core/check.h"

namespace throttle::config {

namespace {

using journal::Clients;
using journal::Durability;
using journal::WhenBehind;
using telemetry::Compression;
using telemetry::GelfSettings;
using telemetry::Level;

// --- how the values are written ---

constexpr std::string_view kLevels = R"("off", "error", "warn", "info", "debug" or "trace")";
Result<Level> parse_level(std::string_view text) {
  struct Named {
    std::string_view name;
    Level level;
  };
  constexpr Named kNamed[] = {{"off", Level::kOff},     {"error", Level::kError},
                              {"warn", Level::kWarn},   {"info", Level::kInfo},
                              {"debug", Level::kDebug}, {"trace", Level::kTrace}};
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const Named& named : kNamed)
    if (lower == named.name) return named.level;
  return unlike(kLevels, text);
}
constexpr Form<Level> kLevel{kLevels, &parse_level};

// The value whose word the text is. The words are written as they stand here.
template <typename T>
Result<T> one_of(std::string_view text, std::string_view expected,
                 std::initializer_list<std::pair<std::string_view, T>> words) {
  for (const auto& [word, value] : words)
    if (text == word) return value;
  return unlike(expected, text);
}

constexpr std::string_view kCompressions = R"("none", "gzip" or "zlib")";
Result<Compression> parse_compression(std::string_view text) {
  return one_of<Compression>(
      text, kCompressions,
      {{"none", Compression::kNone}, {"gzip", Compression::kGzip}, {"zlib", Compression::kZlib}});
}
constexpr Form<Compression> kCompression{kCompressions, &parse_compression};

constexpr std::string_view kDurabilities = R"("process" or "power")";
Result<Durability> parse_durability(std::string_view text) {
  return one_of<Durability>(text, kDurabilities,
                            {{"process", Durability::kProcess}, {"power", Durability::kPower}});
}
constexpr Form<Durability> kDurability{kDurabilities, &parse_durability};

constexpr std::string_view kWhenBehinds = R"("gap" or "pause")";
Result<WhenBehind> parse_when_behind(std::string_view text) {
  return one_of<WhenBehind>(text, kWhenBehinds,
                            {{"gap", WhenBehind::kGap}, {"pause", WhenBehind::kPause}});
}
constexpr Form<WhenBehind> kWhenBehind{kWhenBehinds, &parse_when_behind};

constexpr std::string_view kClientForms = R"("full", "network" or "none")";
Result<Clients> parse_clients(std::string_view text) {
  return one_of<Clients>(
      text, kClientForms,
      {{"full", Clients::kFull}, {"network", Clients::kNetwork}, {"none", Clients::kNone}});
}
constexpr Form<Clients> kClients{kClientForms, &parse_clients};

constexpr Form<telemetry::LineFormat> kLogFormat{kLogFormats, &parse_log_format};

template <const auto& kForm>
struct Formed {
  static constexpr std::string_view kExpected = kForm.expected;
  bool operator()(TableReader& table, std::string_view key, auto& target) const {
    return table.formed(key, target, kForm);
  }
};

template <std::int64_t kLeast, std::int64_t kMost>
struct Ranged {
  static constexpr std::string_view kExpected = "an integer";
  bool operator()(TableReader& table, std::string_view key, auto& target) const {
    return table.integer(key, target, {kLeast, kMost});
  }
};

struct Text {
  static constexpr std::string_view kExpected = "a string";
  bool operator()(TableReader& table, std::string_view key, std::string& target) const {
    return table.text(key, target);
  }
};

constexpr std::string_view kPaths = "the path of a file";
Result<std::string> parse_file_path(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return unlike(kPaths, text);
  return std::string(text);
}
constexpr Form<std::string> kPath{kPaths, &parse_file_path};
using Path = Formed<kPath>;

struct Flag {
  static constexpr std::string_view kExpected = "true or false";
  bool operator()(TableReader& table, std::string_view key, bool& target) const {
    const auto take = [&target](std::string_view text) {
      target = text == "true";
      return Result<void>();
    };
    return table.texts(key, Shape::kBoolean, kExpected, take);
  }
};

// A port, or an address with one.
struct Listen {
  static constexpr std::string_view kExpected = kListen.expected;
  bool operator()(TableReader& table, std::string_view key, HostPort& target) const {
    const auto take = [&target](std::string_view text) { return put(kListen.parse(text), target); };
    return table.texts(key, Shape::kStringOrInteger, kListen.expected, take);
  }
};

// An array of hosts without ports.
struct Hosts {
  static constexpr std::string_view kExpected = "an array of hosts";
  bool operator()(TableReader& table, std::string_view key,
                  std::vector<std::string>& target) const {
    const auto take = [&target](std::string_view text) {
      return parse_host(text).map(
          [&target](std::string host) { target.push_back(std::move(host)); });
    };
    return table.texts(key, Shape::kStrings, kExpected, take);
  }
};

// An array of networks.
struct Networks {
  static constexpr std::string_view kExpected = R"(an array of networks such as ["10.0.0.0/8"])";
  bool operator()(TableReader& table, std::string_view key, std::vector<IpNetwork>& target) const {
    const auto take = [&target](std::string_view text) {
      const auto network = IpNetwork::parse(text);
      if (!network) return Result<void>(tl::unexpected(network.error()));
      if (network->first().is_unix()) return Result<void>(unlike(kExpected, text));
      target.push_back(*network);
      return Result<void>();
    };
    return table.texts(key, Shape::kStrings, kExpected, take);
  }
};

// --- settings that may be absent as a whole ---

GelfSettings& gelf_of(ServerSettings& settings) {
  THROTTLE_CHECK(settings.logging.gelf);
  return *settings.logging.gelf;
}
const GelfSettings& gelf_of(const ServerSettings& settings) {
  static const GelfSettings kNone;
  return settings.logging.gelf ? *settings.logging.gelf : kNone;
}

telemetry::FileSettings& file_of(ServerSettings& settings) {
  THROTTLE_CHECK(settings.logging.file);
  return *settings.logging.file;
}
const telemetry::FileSettings& file_of(const ServerSettings& settings) {
  static const telemetry::FileSettings kNone;
  return settings.logging.file ? *settings.logging.file : kNone;
}

telemetry::SyslogSettings& syslog_of(ServerSettings& settings) {
  THROTTLE_CHECK(settings.logging.syslog);
  return *settings.logging.syslog;
}
const telemetry::SyslogSettings& syslog_of(const ServerSettings& settings) {
  static const telemetry::SyslogSettings kNone{Level::kOff};
  return settings.logging.syslog ? *settings.logging.syslog : kNone;
}

telemetry::EventLogSettings& event_log_of(ServerSettings& settings) {
  THROTTLE_CHECK(settings.logging.event_log);
  return *settings.logging.event_log;
}
const telemetry::EventLogSettings& event_log_of(const ServerSettings& settings) {
  static const telemetry::EventLogSettings kNone{Level::kOff};
  return settings.logging.event_log ? *settings.logging.event_log : kNone;
}

HostPort& status_of(ServerSettings& settings) {
  THROTTLE_CHECK(settings.status);
  return *settings.status;
}
const HostPort& status_of(const ServerSettings& settings) {
  static const HostPort kNone;
  return settings.status ? *settings.status : kNone;
}

// --- the rows ---

enum class Presence : std::uint8_t { kOptional, kMandatory };

// `How` writes the value of the setting that `Access` gives.
template <typename How, typename Access>
constexpr SettingKey key(std::string_view name, Effect effect, Access /*access*/,
                         Presence presence = Presence::kOptional) {
  return {
      name,
      effect,
      presence == Presence::kMandatory ? How::kExpected : std::string_view(),
      [](TableReader& table, std::string_view in_table, ServerSettings& settings) {
        return How{}(table, in_table, Access{}(settings));
      },
      [](const ServerSettings& a, const ServerSettings& b) { return Access{}(a) == Access{}(b); },
      [](const ServerSettings& from, ServerSettings& to) { Access{}(to) = Access{}(from); }};
}

constexpr Effect kReload = Effect::kAtReload;
constexpr Effect kRestart = Effect::kAtRestart;
constexpr Presence kMandatory = Presence::kMandatory;

constexpr SettingKey kTop[] = {
    key<Formed<kDuration>>(
        "startup_grace", kRestart, [](auto& s) -> auto& { return s.startup_grace; }),
    key<Ranged<1, 1'000'000'000>>(
        "max_peers", kReload, [](auto& s) -> auto& { return s.max_peers; }),
    key<Formed<kTimeLimit>>(
        "max_expires_in", kReload, [](auto& s) -> auto& { return s.max_expires_in; }),
    key<Flag>(
        "histograms", kReload, [](auto& s) -> auto& { return s.histograms; }),
    key<Formed<kDuration>>(
        "drain_timeout", kReload, [](auto& s) -> auto& { return s.drain_timeout; }),
};

constexpr SettingKey kHttp[] = {
    key<Formed<kHostPort>>(
        "listen", kRestart, [](auto& s) -> auto& { return s.http.listen; }),
    key<Hosts>(
        "hosts", kRestart, [](auto& s) -> auto& { return s.http.hosts; }),
    key<Networks>(
        "trusted_proxies", kRestart, [](auto& s) -> auto& { return s.http.trusted_proxies; }),
    key<Networks>(
        "accept_proxy", kRestart, [](auto& s) -> auto& { return s.http.accept_proxy; }),
    key<Ranged<1, 1'000'000>>(
        "max_connections", kRestart, [](auto& s) -> auto& { return s.http.limits.connections; }),
    key<Ranged<1, 1'000'000>>(
        "max_per_client", kRestart,
        [](auto& s) -> auto& { return s.http.limits.per_client.max_per_client; }),
    key<Ranged<1024, 16 * 1024 * 1024>>(
        "max_header_bytes", kRestart, [](auto& s) -> auto& { return s.http.limits.head_bytes; }),
    key<Ranged<0, 1024 * 1024 * 1024>>(
        "max_body_bytes", kRestart, [](auto& s) -> auto& { return s.http.limits.body_bytes; }),
    key<Ranged<0, 1024LL * 1024 * 1024 * 1024>>(
        "max_all_body_bytes", kRestart,
        [](auto& s) -> auto& { return s.http.limits.all_body_bytes; }),
    key<Formed<kTimeLimit>>(
        "header_timeout", kRestart, [](auto& s) -> auto& { return s.http.limits.head_time; }),
    key<Formed<kTimeLimit>>(
        "body_timeout", kRestart, [](auto& s) -> auto& { return s.http.limits.body_time; }),
    key<Formed<kTimeLimit>>(
        "idle_timeout", kRestart, [](auto& s) -> auto& { return s.http.limits.idle_time; }),
    key<Formed<kTimeLimit>>(
        "write_timeout", kRestart, [](auto& s) -> auto& { return s.http.limits.write_time; }),
    key<Ranged<1, 1000>>(
        "max_streamed_answers", kRestart, [](auto& s) -> auto& { return s.http.limits.flows; }),
    key<Formed<kTimeLimit>>(
        "stream_timeout", kRestart, [](auto& s) -> auto& { return s.http.limits.flow_time; }),
};

constexpr SettingKey kStderr[] = {
    key<Formed<kLevel>>(
        "level", kRestart, [](auto& s) -> auto& { return s.logging.terminal.level; }, kMandatory),
    key<Formed<kLogFormat>>(
        "format", kRestart, [](auto& s) -> auto& { return s.logging.terminal.format; }),
};

constexpr SettingKey kGelf[] = {
    key<Text>(
        "name", kRestart, [](auto& s) -> auto& { return gelf_of(s).name; }, kMandatory),
    key<Formed<kHost>>(
        "host", kRestart, [](auto& s) -> auto& { return gelf_of(s).host; }, kMandatory),
    key<Ranged<1, 65'535>>(
        "port", kRestart, [](auto& s) -> auto& { return gelf_of(s).port; }, kMandatory),
    key<Formed<kLevel>>(
        "level", kRestart, [](auto& s) -> auto& { return gelf_of(s).level; }, kMandatory),
    key<Formed<kCompression>>(
        "compression", kRestart, [](auto& s) -> auto& { return gelf_of(s).compression; }),
    // Up to what UDP carries.
    key<Ranged<512, 65'507>>(
        "datagram_bytes", kRestart, [](auto& s) -> auto& { return gelf_of(s).datagram_bytes; }),
};

constexpr SettingKey kFile[] = {
    key<Path>(
        "path", kRestart, [](auto& s) -> auto& { return file_of(s).path; }, kMandatory),
    key<Formed<kLevel>>(
        "level", kRestart, [](auto& s) -> auto& { return file_of(s).level; }),
    key<Ranged<4096, std::int64_t{1} << 40>>(
        "max_bytes", kRestart, [](auto& s) -> auto& { return file_of(s).max_bytes; }),
    key<Ranged<0, 1000>>(
        "keep", kRestart, [](auto& s) -> auto& { return file_of(s).keep; }),
};

constexpr SettingKey kSyslog[] = {
    key<Formed<kLevel>>(
        "level", kRestart, [](auto& s) -> auto& { return syslog_of(s).level; }),
};

constexpr SettingKey kEventLog[] = {
    key<Formed<kLevel>>(
        "level", kRestart, [](auto& s) -> auto& { return event_log_of(s).level; }),
};

constexpr SettingKey kJournal[] = {
    key<Path>(
        "path", kRestart, [](auto& s) -> auto& { return s.journal.path; }, kMandatory),
    key<Text>(
        "name", kRestart, [](auto& s) -> auto& { return s.journal.name; }),
    key<Formed<kTimeLimit>>(
        "commit_every", kRestart, [](auto& s) -> auto& { return s.journal.commit_every; }),
    key<Formed<kDurability>>(
        "durability", kRestart, [](auto& s) -> auto& { return s.journal.durability; }),
    key<Formed<kWhenBehind>>(
        "when_behind", kRestart, [](auto& s) -> auto& { return s.journal.when_behind; }),
    key<Ranged<1024, 1 << 24>>(
        "max_queued", kRestart, [](auto& s) -> auto& { return s.journal.max_queued; }),
    key<Formed<kTimeLimit>>(
        "keep", kReload, [](auto& s) -> auto& { return s.journal.keep; }),
    key<Ranged<journal::Settings::kLeastMaxBytes, std::int64_t{1} << 50>>(
        "max_bytes", kReload, [](auto& s) -> auto& { return s.journal.max_bytes; }),
    key<Ranged<0, std::int64_t{1} << 50>>(
        "free_bytes", kReload, [](auto& s) -> auto& { return s.journal.free_bytes; }),
    key<Formed<kClients>>(
        "clients", kRestart, [](auto& s) -> auto& { return s.journal.clients; }),
    key<Flag>(
        "labels", kRestart, [](auto& s) -> auto& { return s.journal.labels; }),
    key<Flag>(
        "connections", kRestart, [](auto& s) -> auto& { return s.journal.connections; }),
};

constexpr SettingKey kEvents[] = {
    key<Ranged<1, 1000>>(
        "max_streams", kRestart, [](auto& s) -> auto& { return s.events.max_streams; }),
    key<Ranged<1, 1 << 22>>(
        "backlog", kRestart, [](auto& s) -> auto& { return s.events.backlog; }),
    key<Ranged<1024, 16 * 1024 * 1024>>(
        "buffer_bytes", kRestart, [](auto& s) -> auto& { return s.events.buffer_bytes; }),
    key<Formed<kTimeLimit>>(
        "keep_alive", kRestart, [](auto& s) -> auto& { return s.events.keep_alive; }),
};

constexpr SettingKey kStatus[] = {
    key<Listen>(
        "listen", kRestart, [](auto& s) -> auto& { return status_of(s); }, kMandatory),
};

constexpr SettingTable kTables[] = {
    {"", kTop},
    {"http", kHttp},
    {"logging.stderr", kStderr},
    {"logging.gelf", kGelf},
    {"logging.file", kFile},
    {"logging.syslog", kSyslog},
    {"logging.eventlog", kEventLog},
    {"journal", kJournal},
    {"events", kEvents},
    {"proxy_status", kStatus},
};

}  // namespace

std::span<const SettingTable> setting_tables() {
  return kTables;
}

void read_keys(TableReader& table, std::string_view path, ServerSettings& settings) {
  const auto found = std::ranges::find(kTables, path, &SettingTable::path);
  THROTTLE_CHECK(found != std::ranges::end(kTables));
  for (const SettingKey& key : found->keys) {
    const bool present = key.read(table, key.name, settings);
    if (!present && !key.mandatory.empty()) table.missing(key.name, key.mandatory);
  }
}

}  // namespace throttle::config
