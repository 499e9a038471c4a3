// A writer on a file of its own, and a ledger with one semaphore, "database", of two.
// Threads: the test's.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "libthrottle/journal/writer.h"
#include "tests/journal/journal_fixture.h"

namespace throttle::journal {

class WriterFixture : public ::testing::Test {
 protected:
  void open(WriterOptions options) {
    channel = std::make_shared<Channel>(options.settings.max_queued);
    options.started = now = system_clock().steady();
    auto opened = Writer::open(std::move(options), channel);
    ASSERT_TRUE(opened) << opened.error().message;
    writer = std::move(*opened);
    ledger = std::make_unique<RecordedLedger>(channel, now);
    ledger->configure(now, {{.name = "database", .full_count = 2}});
  }
  void open() { open(test_options(path)); }
  PeerId hold(Count count) {
    const auto outcome = ledger->ledger().enroll(
        now, {.spec = {.time_to_live = std::chrono::hours(1), .address = {}, .label = {}},
              .semaphore = "database",
              .count = count});
    ledger->settle();
    return outcome.peer;
  }
  // Until everything that was recorded is in the file, behind the row of the start.
  void flush() {
    ASSERT_TRUE(wait_until([this] {
      return channel->size() == 0 && writer->stats().head.seq >= last_seq() && settled();
    }));
  }
  Integer last_seq() const { return static_cast<Integer>(ledger->recorder().recorded()) + 1; }
  bool settled() const { return writer->stats().last_error.empty(); }
  std::string error_of(WriterOptions options) {
    auto opened = Writer::open(std::move(options), std::make_shared<Channel>(100));
    return opened ? "opened" : opened.error().message;
  }

  TemporaryFolder folder;
  const std::string path = folder.file("journal.db");
  TimePoint now;
  std::shared_ptr<Channel> channel;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<RecordedLedger> ledger;
};

}  // namespace throttle::journal
