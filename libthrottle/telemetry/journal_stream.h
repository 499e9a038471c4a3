// Whether a descriptor leads to the journal of systemd; journal_stream_posix.cc, and a
// journal_stream_win32.cc that always says no.
// Threads: any.
#pragma once

namespace throttle::telemetry {

// `variable` is the value of JOURNAL_STREAM, "DEVICE:INODE" of what systemd has connected; null if
// unset. A descriptor that was redirected since then has other numbers.
bool is_journal_stream(const char* variable, int descriptor) noexcept;

}  // namespace throttle::telemetry
