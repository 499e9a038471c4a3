// A departure that is noticed without reading, and the descriptor that this takes.
#include <optional>

#include <gtest/gtest.h>

#include "libthrottle/uv/departure_watch.h"
#include "libthrottle/uv/descriptor_budget.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

class DepartureWatchTest : public TcpTest {
 protected:
  std::optional<DepartureWatch> watch() {
    return DepartureWatch::start(loop, server_end->stream, DepartureWatch::What::kEndOrReset,
                                 bound<&DepartureWatchTest::on_departure>(this));
  }
  void on_departure(Departure which) {
    departure = which;
    loop.stop();
  }

  std::optional<Departure> departure;
};

TEST_F(DepartureWatchTest, HearsOfAnEndBehindBytesThatNobodyReads) {
  make_pair();
  const auto watching = watch();
  ASSERT_TRUE(watching);
  client_end->stream.write("unread");
  client_end->stream.shutdown();
  run_until([&] { return departure.has_value(); });
  EXPECT_EQ(departure, Departure::kEnd);
  EXPECT_EQ(server_end->bytes, "");
}

TEST_F(DepartureWatchTest, CountsItsDescriptorAsOneOfTheLoop) {
  make_pair();
  const std::size_t before = loop.open_descriptors();
  auto watching = watch();
  ASSERT_TRUE(watching);
  EXPECT_EQ(loop.open_descriptors(), before + 1);
  watching.reset();
  watch_until([&] { return loop.open_descriptors() == before; });
}

TEST_F(DepartureWatchTest, LeavesTheLastDescriptorsToConnections) {
  make_pair();
  DescriptorBudget& budget = loop.descriptor_budget();
  budget.set_limit(2 * DescriptorBudget::kSpare);
  EXPECT_TRUE(watch());
  budget.set_limit(loop.open_descriptors());
  EXPECT_FALSE(watch());
}

}  // namespace
}  // namespace throttle::uv
