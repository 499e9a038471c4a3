// Where the log goes, and from which level on.
//
// The keys of the table [logging] set it (config/setting_keys.cc has the rows).
// Threads: values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "libthrottle/telemetry/compression.h"
#include "libthrottle/telemetry/log.h"

namespace throttle::telemetry {

// What the lines of the log look like: for people, or one JSON object each.
enum class LineFormat : std::uint8_t { kText, kJson };

// [logging.stderr]
struct TerminalSettings {
  Level level = Level::kWarn;
  LineFormat format = LineFormat::kText;
  bool announces = true;  // gets what is announced (Log::announce) whatever its level

  bool operator==(const TerminalSettings&) const = default;
};

// [logging.gelf]: a copy of the log in Graylog's format, over UDP.
struct GelfSettings {
  std::string name;        // the host field of each message: the name of this server there
  std::string host;        // of the GELF server, not looked up yet
  std::uint16_t port = 0;  // of the GELF server
  Level level = Level::kOff;
  Compression compression = Compression::kGzip;
  std::size_t datagram_bytes = 1420;  // the longest; longer messages are sent in chunks

  bool operator==(const GelfSettings&) const = default;
};

// [logging.file]: a file that rotates itself.
struct FileSettings {
  std::string path;  // UTF-8; a relative one has been completed by the folder of the configuration
  Level level = Level::kInfo;
  std::uint64_t max_bytes = std::uint64_t{10} * 1024 * 1024;
  std::uint32_t keep = 5;  // older files

  bool operator==(const FileSettings&) const = default;
};

// [logging.syslog]: the daemon of Unix, facility daemon.
struct SyslogSettings {
  Level level = Level::kInfo;

  bool operator==(const SyslogSettings&) const = default;
};

// [logging.eventlog]: the Event Log of Windows, for a service.
struct EventLogSettings {
  Level level = Level::kWarn;

  bool operator==(const EventLogSettings&) const = default;
};

struct Settings {
  TerminalSettings terminal = {};
  std::optional<GelfSettings> gelf = {};
  std::optional<FileSettings> file = {};
  std::optional<SyslogSettings> syslog = {};
  std::optional<EventLogSettings> event_log = {};

  bool operator==(const Settings&) const = default;
};

}  // namespace throttle::telemetry
