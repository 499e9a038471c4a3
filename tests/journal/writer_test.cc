// The writer with real files: what is in them, what it continues, and what it refuses.
#include "libthrottle/journal/writer.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/journal/writer_fixture.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

using JournalWriter = WriterFixture;

TEST_F(JournalWriter, WritesOneRowAnEventInOrder) {
  open();
  const PeerId first = hold(2);
  const PeerId second = hold(1);
  now += 3s;
  ledger->ledger().remove_peer(now, first);
  ledger->settle();
  ledger->ledger().release(now + 1s, second, "database");
  ledger->settle();
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(
      query(path, "SELECT seq, kind, semaphore, count, cause, span_us, since_seq FROM event_text"),
      (std::vector<std::string>{
          "1|started|NULL|NULL|NULL|NULL|NULL", "2|configured|database|2|NULL|NULL|NULL",
          "3|granted|database|2|NULL|0|NULL", "4|queued|database|1|NULL|NULL|NULL",
          "5|lease_ended|database|2|released|3000000|3", "6|granted|database|1|NULL|3000000|4",
          "7|lease_ended|database|1|released|1000000|6", "8|stopped|NULL|NULL|NULL|NULL|NULL"}));
  EXPECT_EQ(value(path, "SELECT count(*) FROM live"), "0");
  EXPECT_EQ(value(path, "PRAGMA application_id"), std::to_string(0x5468724A));
  EXPECT_EQ(value(path, "PRAGMA user_version"), "1");
  EXPECT_EQ(value(path, "PRAGMA auto_vacuum"), "2");
  EXPECT_EQ(value(path, "PRAGMA journal_mode"), "delete");
}

TEST_F(JournalWriter, KeepsWhatIsOpenInLiveAndClosesItAtAnOrderlyStop) {
  open();
  hold(2);
  hold(1);
  flush();
  EXPECT_EQ(query(path, "SELECT since_seq, kind_no, count FROM live"),
            (std::vector<std::string>{"3|2|2", "4|1|1"}));
  EXPECT_EQ(query(path, "SELECT semaphore, count FROM holder"),
            std::vector<std::string>{"database|2"});
  EXPECT_EQ(query(path, "SELECT semaphore, count FROM waiter"),
            std::vector<std::string>{"database|1"});
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(query(path, "SELECT kind, cause, since_seq FROM event_text WHERE seq > 4"),
            (std::vector<std::string>{"lease_ended|stopped|3", "wait_ended|stopped|4",
                                      "stopped|NULL|NULL"}));
  EXPECT_EQ(value(path, "SELECT count(*) FROM live"), "0");
}

TEST_F(JournalWriter, WritesNothingWhileNothingHappens) {
  open();
  flush();
  const std::uint64_t commits = writer->stats().commits;
  std::this_thread::sleep_for(50ms);  // several times commit_every
  EXPECT_EQ(writer->stats().commits, commits);
}

TEST_F(JournalWriter, RefusesAFileThatIsNoJournalAndLeavesItAsItIs) {
  std::ofstream(path) << "a letter to my aunt";
  EXPECT_THAT(error_of(test_options(path)), ::testing::HasSubstr("is not a journal of Throttle"));
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, "a letter to my aunt");
}

TEST_F(JournalWriter, RefusesADatabaseOfSomebodyElse) {
  std::ofstream(path).close();
  query(path, "CREATE TABLE mine(x)");
  EXPECT_THAT(error_of(test_options(path)), ::testing::HasSubstr("is not a journal of Throttle"));
  EXPECT_EQ(query(path, "SELECT name FROM sqlite_master"), std::vector<std::string>{"mine"});
}

TEST_F(JournalWriter, RefusesANewerVersion) {
  open();
  ASSERT_TRUE(writer->stop(10s));
  query(path, "PRAGMA user_version = 3");
  EXPECT_THAT(error_of(test_options(path)),
              ::testing::HasSubstr("is a journal of version 3; this server knows 1"));
}

TEST_F(JournalWriter, RefusesASecondWriterAndNamesTheFirst) {
  open();
  flush();
  EXPECT_THAT(error_of(test_options(path)), ::testing::HasSubstr("is being written by process 42"));
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(error_of(test_options(path)), "opened");
}

TEST_F(JournalWriter, ContinuesAFileAndItsNumbers) {
  open();
  hold(1);
  ASSERT_TRUE(writer->stop(10s));
  const std::string id = value(path, "SELECT id FROM journal");
  open();
  hold(1);
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(value(path, "SELECT id FROM journal"), id);
  EXPECT_EQ(value(path, "SELECT count(*) - max(seq) FROM event"), "0");
  EXPECT_EQ(value(path, "SELECT count(*) - max(batch_no) FROM batch"), "0");
  EXPECT_EQ(query(path, "SELECT run_no, first_seq FROM run"),
            (std::vector<std::string>{"1|1", "2|6"}));
  EXPECT_EQ(value(path, "SELECT count(*) FROM semaphore"), "1");
}

TEST_F(JournalWriter, SetsADamagedFileAsideAndBeginsANewOne) {
  open();
  for (int i = 0; i < 100; ++i)
    hold(1);
  ASSERT_TRUE(writer->stop(10s));
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    for (int i = 0; i < 8192; ++i)
      file.put('x');
  }
  open();
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(query(path, "SELECT seq, kind FROM event_text ORDER BY seq LIMIT 2"),
            (std::vector<std::string>{"1|started", "2|note"}));
  std::size_t aside = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
    if (entry.path().string().starts_with(path + ".corrupt-")) ++aside;
  }
  EXPECT_EQ(aside, 1U);
}

TEST_F(JournalWriter, GivesTheChainsHeadToTheLog) {
  open();
  hold(1);
  ASSERT_TRUE(writer->stop(10s));
  const auto messages = writer->take_messages();
  ASSERT_FALSE(messages.empty());
  EXPECT_EQ(messages.back().text,
            "journal head batch=" + value(path, "SELECT max(batch_no) FROM batch") +
                " seq=5 hash=" +
                value(path, "SELECT lower(hex(hash)) FROM batch ORDER BY batch_no DESC LIMIT 1"));
}

}  // namespace
}  // namespace throttle::journal
