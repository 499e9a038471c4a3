// A record as one line with its end, as files, the journal of systemd and syslog have it.
// Threads: pure functions.
#pragma once

#include <string>

#include "libthrottle/telemetry/sink.h"

namespace throttle::telemetry {

inline constexpr std::size_t kLineTextBytes = 8192;  // of a message or field; the rest is cut

// `[2026-07-06T10:30:30Z INFO  app] listening address=127.0.0.1:8000`
std::string file_line(const Record& record);
// `<6>app: listening address=127.0.0.1:8000`: the journal knows the time and reads the priority.
std::string journal_line(const Record& record);
// The priority of syslog(3): 3 error, 4 warning, 6 information, 7 all else.
int syslog_priority(Level level);

}  // namespace throttle::telemetry
