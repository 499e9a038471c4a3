// The bookkeeper: what the journal says is what the ledger holds, after every step of any story,
// through gaps and crashes. THROTTLE_SEED=N plays the story of one seed.
#include "libthrottle/journal/bookkeeper.h"

#include <gtest/gtest.h>

#include "tests/journal/random_ledger.h"
#include "tests/sim/environment.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

TEST(BookkeeperStories, EqualTheLedgerAfterEveryStep) {
  for (const std::uint64_t seed : testing::seeds_to_run(40)) {
    RandomLedger story(seed, 1024);
    for (int i = 0; i < 400; ++i) {
      story.step();
      story.drain();
      ASSERT_EQ(story.difference(), "") << "THROTTLE_SEED=" << seed << ", step " << i;
      if (i % 97 == 96) story.crash();
    }
    EXPECT_EQ(story.lost(), 0U);
  }
}

TEST(BookkeeperStories, EqualTheLedgerAgainAfterGaps) {
  std::uint64_t gaps = 0;
  for (const std::uint64_t seed : testing::seeds_to_run(40)) {
    RandomLedger story(seed, 32);
    for (int round = 0; round < 10; ++round) {
      for (int i = 0; i < 150; ++i) {
        story.step();
        if (i % 75 == 74) story.drain();
      }
      story.settle();
      ASSERT_EQ(story.difference(), "") << "THROTTLE_SEED=" << seed << ", round " << round;
      ASSERT_EQ(story.replay().missing(), story.lost()) << "THROTTLE_SEED=" << seed;
    }
    gaps += story.gaps();
  }
  EXPECT_GT(gaps, 100U);
}

class BookkeeperTest : public ::testing::Test {
 protected:
  void take(Record record) {
    if (is_numbered(record.kind)) record.number = ++number;
    bookkeeper.take(record);
  }
  void take_name() {
    Record record;
    record.kind = RecordKind::kSemaphoreName;
    record.semaphore = 0;
    record.attachment = new Attachment{std::string("database")};
    take(record);
  }
  Record granted(PeerId peer, TimePoint at) {
    Record record;
    record.kind = RecordKind::kGranted;
    record.at = at;
    record.peer = peer;
    record.count = 1;
    record.token = 5;
    record.semaphore = 0;
    record.ip = IpAddress::from_v4({10, 1, 2, 3});
    record.port = 99;
    return record;
  }
  Record ended(PeerId peer, TimePoint at, Duration held) {
    Record record = granted(peer, at);
    record.kind = RecordKind::kLeaseEnded;
    record.cause = EndCause::kReleased;
    record.span = held;
    return record;
  }

  const TimePoint start{1h};
  Bookkeeper bookkeeper{test_run(), Privacy{}, Anchor{start, 1'000'000'000}};
  std::uint64_t number = 0;
};

TEST_F(BookkeeperTest, NeverTouchesLiveForWhatOpensAndEndsInOneBatch) {
  bookkeeper.open_file({});
  take_name();
  take(granted(1, start + 1s));
  take(ended(1, start + 2s, 1s));
  const Rows rows = bookkeeper.take_rows();
  EXPECT_EQ(rows.opened.size(), 0U);
  EXPECT_EQ(rows.closed.size(), 0U);
  EXPECT_EQ(rows.events.back().since_seq, 2);
}

TEST_F(BookkeeperTest, ClosesWhatTheLastRunLeftOpenAsLostBeforeItsOwnStart) {
  Continuation file;
  file.last = {.run_no = 1, .batch_no = 3, .seq = 10, .peer_no = 2};
  file.latest_us = 2'000'000'000;
  file.live = {{9, 2, 1'999'000'000, 1, 2, 4, 77}, {10, 1, 1'999'500'000, 1, 1, 1, std::nullopt}};
  bookkeeper.open_file(file);
  const Rows rows = bookkeeper.take_rows();
  ASSERT_EQ(rows.events.size(), 3U);
  EXPECT_EQ(rows.events[0].kind_no, 4);
  EXPECT_EQ(rows.events[0].cause_no, 10);
  EXPECT_EQ(rows.events[0].at_us, 2'000'000'000);
  EXPECT_EQ(rows.events[0].span_us, 1'000'000);
  EXPECT_EQ(rows.events[0].since_seq, 9);
  EXPECT_EQ(rows.events[1].kind_no, 3);
  EXPECT_EQ(rows.events[2].kind_no, 20);
  EXPECT_EQ(rows.run->first_seq, 11);
  EXPECT_EQ(rows.run->run_no, 2);
  EXPECT_EQ(rows.closed, (std::vector<Integer>{9, 10}));
}

TEST_F(BookkeeperTest, KeepsTimesRisingExceptAtAStepOfTheClock) {
  bookkeeper.open_file({});
  take_name();
  take(granted(1, start + 10s));
  bookkeeper.step_clock({start + 11s, 1'000'000'000 + 11'000'000 - 3'600'000'000});
  take(ended(1, start + 12s, 2s));
  const Rows rows = bookkeeper.take_rows();
  ASSERT_EQ(rows.events.size(), 4U);
  EXPECT_EQ(rows.events[2].kind_no, 24);
  EXPECT_EQ(rows.events[2].span_us, -3'600'000'000);
  EXPECT_EQ(rows.events[3].at_us, 1'012'000'000 - 3'600'000'000);
  EXPECT_EQ(rows.events[3].span_us, 2'000'000) << "durations are monotonic";
}

TEST_F(BookkeeperTest, WritesThePeerAgainAfterADay) {
  bookkeeper.open_file({});
  take_name();
  take(granted(1, start));
  take(ended(1, start + 25h, 25h));
  const Rows rows = bookkeeper.take_rows();
  ASSERT_EQ(rows.peers.size(), 2U);
  EXPECT_EQ(rows.peers[0].id, rows.peers[1].id);
  EXPECT_EQ(rows.events.back().peer_no, 2);
}

TEST_F(BookkeeperTest, RecordsNoMoreOfAClientThanItMay) {
  for (const auto& [clients, text, port] :
       {std::tuple<Clients, MaybeText, MaybeInteger>{Clients::kFull, "10.1.2.3", 99},
        {Clients::kNetwork, "10.1.2.0/24", std::nullopt},
        {Clients::kNone, std::nullopt, std::nullopt}}) {
    bookkeeper = Bookkeeper(test_run(), Privacy{.clients = clients}, Anchor{start, 0});
    number = 0;
    bookkeeper.open_file({});
    take_name();
    take(granted(1, start));
    const Rows rows = bookkeeper.take_rows();
    EXPECT_EQ(rows.peers.at(0).client, text);
    EXPECT_EQ(rows.peers.at(0).port, port);
  }
}

TEST_F(BookkeeperTest, RecordsTheUserOfAUnixSocketInTheSameWay) {
  for (const auto& [clients, text] :
       {std::pair<Clients, MaybeText>{Clients::kFull, "unix:uid=1000"},
        {Clients::kNetwork, "unix"},
        {Clients::kNone, std::nullopt}}) {
    bookkeeper = Bookkeeper(test_run(), Privacy{.clients = clients}, Anchor{start, 0});
    number = 0;
    bookkeeper.open_file({});
    take_name();
    Record record = granted(1, start);
    record.ip = IpAddress::of_unix(1000);
    record.port = 0;
    take(record);
    const Rows rows = bookkeeper.take_rows();
    EXPECT_EQ(rows.peers.at(0).client, text);
    EXPECT_EQ(rows.peers.at(0).port, std::nullopt);
  }
}

// The disk was full, and is lost while the ledger is walked over.
TEST_F(BookkeeperTest, GoesOnWithTheWalkAfterAGapInANewFile) {
  bookkeeper.open_file({});
  take_name();
  take(granted(1, start));
  take(granted(2, start));
  const auto take_unnumbered = [this](RecordKind kind) {
    Record record;
    record.kind = kind;
    record.at = start + 1s;
    if (kind == RecordKind::kGap) record.attachment = new Attachment{GapSummary{}};
    bookkeeper.take(record);
  };
  take_unnumbered(RecordKind::kGap);
  Record found = granted(1, start);
  found.kind = RecordKind::kFoundLease;
  bookkeeper.take(found);
  bookkeeper.take_rows();
  bookkeeper.open_file({}, 3);
  take_unnumbered(RecordKind::kFoundAll);
  const Rows rows = bookkeeper.take_rows();
  std::vector<Integer> kinds;
  for (const EventRow& row : rows.events)
    kinds.push_back(row.kind_no);
  // started, gap, both as far as they were known, then peer 2 is missed, and the gap is over
  EXPECT_EQ(kinds, (std::vector<Integer>{20, 30, 31, 31, 32, 34}));
}

TEST_F(BookkeeperTest, SumsRefusalsUp) {
  bookkeeper.open_file({});
  take_name();
  for (int i = 0; i < 1000; ++i) {
    Record record;
    record.kind = RecordKind::kRefused;
    record.at = start + 1ms * i;
    record.semaphore = 0;
    record.attachment = new Attachment{std::string("queue_full")};
    take(record);
  }
  bookkeeper.flush_refusals(start + 5s, Bookkeeper::Refusals::kDue);
  EXPECT_EQ(bookkeeper.take_rows().refusals.size(), 0U);
  bookkeeper.flush_refusals(start + 10s, Bookkeeper::Refusals::kDue);
  const Rows rows = bookkeeper.take_rows();
  ASSERT_EQ(rows.refusals.size(), 1U);
  EXPECT_EQ(rows.refusals[0].count, 1000);
  EXPECT_EQ(rows.refusals[0].to_us - rows.refusals[0].from_us, 999'000);
}

}  // namespace
}  // namespace throttle::journal
