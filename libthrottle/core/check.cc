// Prints the broken invariant and aborts.
#include "libthrottle/core/check.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "libthrottle/core/check_reporter.h"

namespace throttle {
namespace {

// Read on any thread.
std::atomic<CheckReporter>& reporter() noexcept {
  static constinit std::atomic<CheckReporter> instance{nullptr};
  return instance;
}

}  // namespace

void report_failed_checks_to(CheckReporter wanted) noexcept {
  reporter() = wanted;
}

void check_failed(const char* file, int line, const char* condition) noexcept {
  std::array<char, 512> what{};
  std::snprintf(what.data(), what.size(), "%s:%d: %s does not hold", file, line, condition);
  std::fprintf(stderr, "throttle: %s\n", what.data());
  // Once: a check of the reporter's own that fails is not reported.
  if (const CheckReporter report = reporter().exchange(nullptr); report != nullptr)
    report(what.data());
  std::abort();
}

}  // namespace throttle
