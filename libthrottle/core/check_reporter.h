// Where a failed check is reported besides stderr, which nobody reads of a service.
// Threads: set it before others begin; it is called on the one whose check failed.
#pragma once

namespace throttle {

// Gets "FILE:LINE: CONDITION does not hold"; the process ends when it has returned.
using CheckReporter = void (*)(const char* what) noexcept;

// Null: nowhere, as at the start.
void report_failed_checks_to(CheckReporter reporter) noexcept;

}  // namespace throttle
