// Writing log lines to a file descriptor from a thread that may wait; line_output_posix.cc and
// line_output_win32.cc.
// Threads: any.
#pragma once

#include <string_view>

namespace throttle::telemetry {

// Makes a reader that went away an error of the write instead of a signal to the process; for the
// calling thread, which takes no other signals from now on either.
void shield_from_signals() noexcept;

// Waits until all of it is written; false if the descriptor does not take it (closed, broken pipe,
// full disk).
bool write_all(int descriptor, std::string_view text) noexcept;

}  // namespace throttle::telemetry
