// Bytes as a story about the ledger (tests/testing/ledger_script.h): whatever it is, the ledger
// agrees with its naive twin at every step and breaks no invariant.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/testing/ledger_script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto story = throttle::testing::run_ledger_script({bytes, size});
  if (!story.violation.empty()) {
    std::fprintf(stderr, "%s\n", story.violation.c_str());
    std::abort();
  }
  return 0;
}
