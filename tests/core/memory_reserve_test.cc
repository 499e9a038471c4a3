// An allocation that fails gets the reserve first; the limit of a real process is in the wire
// suite.
#include "libthrottle/core/memory_reserve.h"

#include <new>

#include <gtest/gtest.h>

namespace throttle {
namespace {

// As operator new does, without taking the memory.
void fail_an_allocation() {
  const std::new_handler handler = std::get_new_handler();
  ASSERT_NE(handler, nullptr);
  handler();
}

class MemoryReserveTest : public testing::Test {
 protected:
  ~MemoryReserveTest() override { is_memory_short(); }  // has the reserve back
};

TEST_F(MemoryReserveTest, IsGivenAwayOnceAndThenAllocationsFail) {
  set_memory_reserve_aside();
  EXPECT_NO_THROW(fail_an_allocation());
  EXPECT_THROW(fail_an_allocation(), std::bad_alloc);
}

TEST_F(MemoryReserveTest, IsHadBackAsSoonAsThereIsMemory) {
  set_memory_reserve_aside();
  fail_an_allocation();
  EXPECT_FALSE(is_memory_short());
  EXPECT_NO_THROW(fail_an_allocation());
}

TEST_F(MemoryReserveTest, IsSetAsideOnce) {
  set_memory_reserve_aside();
  set_memory_reserve_aside();
  EXPECT_NO_THROW(fail_an_allocation());
  EXPECT_THROW(fail_an_allocation(), std::bad_alloc);
}

}  // namespace
}  // namespace throttle
