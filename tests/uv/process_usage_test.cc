// What the process uses, in comparison with what this test makes it use.
#include "libthrottle/uv/process_usage.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::uv {
namespace {

TEST(ProcessUsage, GrowsWithTheMemoryThatIsTouched) {
  const ProcessUsage before = process_usage();
  ASSERT_TRUE(before.resident_bytes);
  constexpr std::size_t kMore = 64 * 1024 * 1024;
  const std::vector<char> touched(kMore, 'x');
  EXPECT_GE(*process_usage().resident_bytes, *before.resident_bytes + kMore / 2);
  EXPECT_EQ(touched.back(), 'x');
}

TEST(ProcessUsage, GrowsWithTheProcessorTimeThatIsSpent) {
  const ProcessUsage before = process_usage();
  ASSERT_TRUE(before.cpu);
  while (*process_usage().cpu < *before.cpu + std::chrono::milliseconds(1)) {
  }
}

}  // namespace
}  // namespace throttle::uv
