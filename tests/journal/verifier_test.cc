// The verifier finds nothing in what any story wrote, and names the right rule in what was changed
// afterwards. THROTTLE_SEED=N replays the story of one seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/journal/verification.h"
#include "tests/journal/random_ledger.h"
#include "tests/journal/writer_fixture.h"
#include "tests/sim/environment.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

std::string text_of(const Report& report) {
  std::string text;
  for (const Violation& each : report.violations)
    text += std::string(rule_name(each.rule)) + " seq " + std::to_string(each.seq) + ": " +
            each.text + "\n";
  return text;
}

Report verify(const std::string& path, std::vector<KeptHead> heads = {}) {
  auto report = verify_file(path, {.heads = std::move(heads)});
  if (!report) {
    ADD_FAILURE() << report.error().message;
    return {};
  }
  return *report;
}

TEST(VerifierStories, FindNothingInWhatWasWritten) {
  std::size_t overcommits = 0;
  for (const std::uint64_t seed : testing::seeds_to_run(8)) {
    TemporaryFolder folder;
    const std::string path = folder.file("journal.db");
    RandomLedger story(seed, 4096, path);
    for (int i = 0; i < 600; ++i) {
      story.step();
      if (i % 17 == 16) story.drain();
      if (i % 199 == 198) story.crash();
    }
    story.stop();
    const Report report = verify(path);
    ASSERT_EQ(text_of(report), "") << "THROTTLE_SEED=" << seed;
    EXPECT_EQ(report.runs, 4);
    EXPECT_GE(report.reservations.size(), 3U) << "each crash is one";
    EXPECT_EQ(report.leases + report.waits, 0);
    overcommits += report.overcommits.size();
  }
  EXPECT_GT(overcommits, 0U);
}

// Batches end in the middle of what happened at one moment, the wall clock is set there, and the
// server dies there.
TEST(VerifierStories, FindNothingWhereverABatchEnds) {
  for (const std::uint64_t seed : testing::seeds_to_run(8)) {
    TemporaryFolder folder;
    const std::string path = folder.file("journal.db");
    RandomLedger story(seed, 4096, path);
    for (int i = 0; i < 600; ++i) {
      story.step();
      for (int batch = 0; batch < 3; ++batch)
        story.drain_some();
      if (i % 40 == 39) {
        ASSERT_EQ(text_of(verify(path)), "") << "THROTTLE_SEED=" << seed;
      }
      if (i % 199 == 198) story.crash();
    }
    story.stop();
    ASSERT_EQ(text_of(verify(path)), "") << "THROTTLE_SEED=" << seed;
  }
}

TEST(VerifierStories, FindNothingAroundGapsButSayThem) {
  for (const std::uint64_t seed : testing::seeds_to_run(8)) {
    TemporaryFolder folder;
    const std::string path = folder.file("journal.db");
    RandomLedger story(seed, 32, path);
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 200; ++i) {
        story.step();
        if (i % 75 == 74 || (round % 2 == 0 && i % 5 == 4)) story.drain();
      }
      story.settle();
    }
    story.stop();
    const Report report = verify(path);
    ASSERT_EQ(text_of(report), "") << "THROTTLE_SEED=" << seed;
    EXPECT_GT(report.reservations.size(), 0U);
  }
}

TEST(VerifierStories, FindNothingInAFileWithoutAnEnd) {
  TemporaryFolder folder;
  const std::string path = folder.file("journal.db");
  RandomLedger story(3, 4096, path);
  for (int i = 0; i < 300; ++i)
    story.step();
  story.settle();
  const Report report = verify(path);
  EXPECT_EQ(text_of(report), "");
  EXPECT_GT(report.leases, 0);
}

// A file in which every rule has something to say.
class Mutant : public WriterFixture {
 protected:
  void SetUp() override {
    open();
    ledger->configure(now, {{.name = "database", .full_count = 2, .level = 1},
                            {.name = "disk", .full_count = 5, .level = 0}});
    const PeerId a = hold(2);                                                     // seq 5
    const PeerId b = hold(1);                                                     // 6, waits
    const PeerId c = hold(1);                                                     // 7, waits
    ledger->ledger().acquire(now, {.peer = a, .semaphore = "disk", .count = 1});  // 8
    now += 1s;
    ledger->ledger().release(now, a, "database");  // 9; 10 and 11 grant b and c
    ledger->settle();
    now += 1s;
    ledger->ledger().remove_peer(now, b);  // 12
    ledger->ledger().remove_peer(now, c);  // 13
    ledger->settle();
    const HeldLock held[] = {{"database", 2}};
    ledger->ledger().restore(
        now, {.peer = 77, .spec = {.time_to_live = 1h, .address = {}, .label = {}}, .held = held});
    ledger->settle();  // 14
    ledger->ledger().restore(
        now, {.peer = 78, .spec = {.time_to_live = 1h, .address = {}, .label = {}}, .held = held});
    ledger->settle();  // 15 and, as it is too much, 16
    flush();
    writer.reset();  // which closes 8, 14 and 15, and stops
    ASSERT_EQ(text_of(verify(path)), "");
  }
  Report mutate(const std::string& sql) {
    query(path, sql);
    return verify(path);
  }
};

TEST_F(Mutant, OfALabelBreaksTheChain) {
  const Report report = mutate("UPDATE peer SET label = 'x' WHERE peer_no = 2");
  EXPECT_EQ(report.violation_count, 1U);
  EXPECT_TRUE(report.has(Rule::kChain)) << text_of(report);
}

TEST_F(Mutant, OfANameBreaksTheChain) {
  EXPECT_TRUE(mutate("UPDATE semaphore SET name = 'x' WHERE semaphore_no = 1").has(Rule::kChain));
}

TEST_F(Mutant, OfACommitsTimeBreaksTheChain) {
  EXPECT_TRUE(mutate("UPDATE batch SET committed_us = committed_us + 1").has(Rule::kChain));
}

TEST_F(Mutant, WithoutARowHasAHole) {
  EXPECT_TRUE(mutate("DELETE FROM event WHERE seq = 8").has(Rule::kHole));
}

TEST_F(Mutant, WithoutAPeerHasAHole) {
  EXPECT_TRUE(mutate("DELETE FROM peer WHERE peer_no = 2").has(Rule::kHole));
}

TEST_F(Mutant, WithAnEarlierTimeIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET at_us = at_us - 5000000 WHERE seq = 10").has(Rule::kTime));
}

TEST_F(Mutant, WithAnotherSpanIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET span_us = span_us + 2 WHERE seq = 9").has(Rule::kTime));
}

TEST_F(Mutant, ThatEndsSomethingElseIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET since_seq = 6 WHERE seq = 9").has(Rule::kPairs));
}

TEST_F(Mutant, ThatEndsAnotherCountIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET count = 1 WHERE seq = 9").has(Rule::kPairs));
}

TEST_F(Mutant, WithASmallerLimitIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET count = 1 WHERE seq = 3 OR seq = 2").has(Rule::kLimit));
}

TEST_F(Mutant, ThatIsPausedWhileItGrantsIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET kind_no = 11, count = NULL, peer_no = NULL, token = NULL,"
                     " cause_no = NULL, span_us = NULL, since_seq = NULL WHERE seq = 9")
                  .has(Rule::kLimit));
}

TEST_F(Mutant, WithAnotherExcessIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET excess = 1 WHERE seq = 14").has(Rule::kOverCommit));
}

TEST_F(Mutant, WithAnotherTotalExcessIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET excess = 1 WHERE seq = 16").has(Rule::kOverCommit));
}

TEST_F(Mutant, ThatDoesNotDeclareItsExcessIsNamed) {
  const Report report = mutate("UPDATE event SET kind_no = 40, excess = NULL WHERE seq = 16");
  EXPECT_THAT(text_of(report), ::testing::HasSubstr("over-commit seq 15: the excess of database"));
}

TEST_F(Mutant, InWhichOneOvertakesIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET (peer_no, since_seq) ="
                     " (SELECT o.peer_no, o.since_seq FROM event o WHERE o.seq = 21 - event.seq)"
                     " WHERE seq IN (10, 11)")
                  .has(Rule::kOrder));
}

TEST_F(Mutant, WithAFallingTokenIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET token = 1 WHERE seq = 11").has(Rule::kTokens));
}

TEST_F(Mutant, WithAnotherLevelIsNamed) {
  EXPECT_TRUE(mutate("UPDATE detail SET json = replace(json, '\"level\":0', '\"level\":2')")
                  .has(Rule::kHierarchy));
}

TEST_F(Mutant, InWhichAHeadIsNotWokenIsNamed) {
  EXPECT_TRUE(mutate("UPDATE event SET at_us = at_us + 10 WHERE seq > 9").has(Rule::kWakeUps));
}

TEST_F(Mutant, WithALeaseInLiveThatEndedIsNamed) {
  EXPECT_TRUE(mutate("INSERT INTO live VALUES (5, 2, 0, 1, 1, 2, 5, NULL)").has(Rule::kLive));
}

TEST_F(Mutant, WithAConnectionWithoutALeaseIsNamed) {
  const Report report = mutate(
      "INSERT INTO peer VALUES (6, 1, 99, NULL, NULL, NULL, NULL);"
      "UPDATE batch SET last_peer_no = 6 WHERE batch_no = (SELECT max(batch_no) FROM batch)");
  query(path,
        "UPDATE batch SET last_peer_no = 6, last_connection_no = 1"
        " WHERE batch_no = (SELECT max(batch_no) FROM batch)");
  query(path, "INSERT INTO proxy VALUES (1, 'p')");
  query(path,
        "INSERT INTO connection VALUES"
        " (1, 0, 6, 1, 'u', 0, 0, 0, 0, 0, 0, '-', '-', 0, NULL)");
  EXPECT_TRUE(verify(path).has(Rule::kConnections)) << text_of(verify(path));
}

TEST_F(Mutant, ThatWasCutIsNamedByAKeptHead) {
  const auto messages = value(path,
                              "SELECT batch_no || ':' || last_seq || ':' || lower(hex(hash))"
                              " FROM batch ORDER BY batch_no DESC LIMIT 1");
  const auto head = parse_head(messages);
  ASSERT_TRUE(head);
  Report report = verify(path, {*head});
  EXPECT_EQ(report.heads, 1);
  EXPECT_EQ(text_of(report), "");
  query(path,
        "DELETE FROM event WHERE seq > (SELECT last_seq FROM batch"
        " ORDER BY batch_no DESC LIMIT 1 OFFSET 1)");
  query(path, "DELETE FROM batch WHERE batch_no = (SELECT max(batch_no) FROM batch)");
  report = verify(path, {*head});
  EXPECT_THAT(text_of(report), ::testing::HasSubstr("the file ends 1 commits before a head"));
}

TEST(KeptHeads, AreFoundInLinesOfALog) {
  const std::string hash(64, 'a');
  const auto head =
      head_of_line("2026-11-24T14:00:00Z INFO journal: journal head batch=12 seq=345 hash=" + hash);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->batch_no, 12);
  EXPECT_EQ(head->seq, 345);
  EXPECT_EQ(head->hash, hash);
  EXPECT_FALSE(head_of_line("journal head batch=12 seq=345 hash=abc"));
  EXPECT_FALSE(parse_head("12:345:" + hash + "a"));
}

}  // namespace
}  // namespace throttle::journal
