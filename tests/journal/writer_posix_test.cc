// What can happen to an open file where it can be deleted, renamed and replaced: not on Windows.
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/journal/writer_fixture.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

using JournalFile = WriterFixture;

TEST_F(JournalFile, BeginsANewFileWhenItsOwnIsDeleted) {
  open();
  hold(2);
  hold(1);
  flush();
  std::filesystem::remove(path);
  ASSERT_TRUE(wait_until([this] { return std::filesystem::exists(path); }));
  ASSERT_TRUE(wait_until([this] { return writer->stats().up; }));
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(query(path, "SELECT kind, count, since_seq FROM event_text"),
            (std::vector<std::string>{"started|NULL|NULL", "configured|2|NULL", "gap|0|NULL",
                                      "found|2|NULL", "found_waiting|1|NULL", "gap_closed|NULL|3",
                                      "lease_ended|2|4", "wait_ended|1|5", "stopped|NULL|NULL"}));
}
}  // namespace
}  // namespace throttle::journal
