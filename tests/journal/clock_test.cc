// The machine's wall clock is set while the writer writes.
#include <gtest/gtest.h>

#include "libthrottle/journal/verification.h"
#include "tests/journal/faulty_vfs.h"
#include "tests/journal/writer_fixture.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

class SteppedClock : public WriterFixture {
 protected:
  ~SteppedClock() override { writer.reset(); }  // it reads the clock
  void SetUp() override {
    WriterOptions options = test_options(path);
    options.clock = &clock;
    options.vfs = FaultyVfs::name();
    channel = std::make_shared<Channel>(10'000);
    options.started = now = clock.steady();
    auto opened = Writer::open(std::move(options), channel);
    ASSERT_TRUE(opened) << opened.error().message;
    writer = std::move(*opened);
    ledger = std::make_unique<RecordedLedger>(channel, now);
    ledger->configure(now, {{.name = "database", .full_count = 9}});
  }
  void pass(Duration span) {
    clock.advance(span);
    now += span;
  }
  PeerId hold_and_commit() {
    const PeerId peer = hold(1);
    EXPECT_TRUE(wait_until([this] {
      pass(1ms);
      return channel->committed() == ledger->recorder().recorded();
    }));
    return peer;
  }

  FakeClock clock;
  FaultyVfs vfs;
};

TEST_F(SteppedClock, IsARowAndNeverAnotherOrderOrLength) {
  const PeerId first = hold_and_commit();
  clock.step_wall(1h);
  hold_and_commit();
  clock.step_wall(-2h);
  hold_and_commit();
  clock.step_wall(900ms);  // too little to be a step
  hold_and_commit();
  pass(5h);  // the machine slept, and both clocks know it
  ledger->ledger().remove_peer(now, first);
  ledger->settle();
  hold_and_commit();
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(query(path, "SELECT round(span_us / 60e6) FROM event WHERE kind_no = 24"),
            (std::vector<std::string>{"60.0", "-120.0"}));
  EXPECT_EQ(value(path, "SELECT round(span_us / 3600e6) FROM event WHERE kind_no = 4 LIMIT 1"),
            "5.0")
      << "a lease is as long as it was";
  const auto report = verify_file(path, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->violation_count, 0U);
}

// What comes while it writes is taken in the same turn, which began long before.
TEST_F(SteppedClock, IsNotMistakenForASlowWrite) {
  hold_and_commit();
  vfs.fail(1, FaultyVfs::Fault::kStuck, FaultyVfs::Length::kForever);
  hold(1);
  ASSERT_TRUE(wait_until([this] {
    pass(1ms);
    return vfs.is_stuck();
  }));
  while (channel->size() < kBatchEvents)
    ledger->ledger().remove_peer(now, hold(1));
  pass(5s);
  vfs.heal();
  hold_and_commit();
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(value(path, "SELECT count(*) FROM event WHERE kind_no = 24"), "0");
}

}  // namespace
}  // namespace throttle::journal
