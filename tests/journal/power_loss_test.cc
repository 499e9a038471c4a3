// The power fails while the writer writes: what was synced is there, what was not is gone, or a
// part of it. THROTTLE_SEED=N plays the story of one seed, THROTTLE_SEEDS=N the first N.
#include <filesystem>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/journal/verification.h"
#include "tests/journal/faulty_vfs.h"
#include "tests/journal/writer_fixture.h"
#include "tests/sim/environment.h"

namespace throttle::journal {
namespace {

using namespace std::chrono_literals;

class PowerLoss : public WriterFixture {
 protected:
  void begin(const std::string& file, Durability durability) {
    WriterOptions options = test_options(file);
    options.vfs = FaultyVfs::name();
    options.settings.durability = durability;
    options.settings.max_bytes = 1 << 20;  // a checkpoint at each 128 KiB
    before = std::filesystem::exists(file)
                 ? std::stoll(value(file, "SELECT ifnull(max(seq), 0) FROM event"))
                 : 0;
    open(std::move(options));
  }
  void come_and_go(int peers) {
    for (int i = 0; i < peers; ++i) {
      now += 1ms;
      const PeerId peer = hold(1);
      if (random() % 4 != 0) ledger->ledger().remove_peer(now, peer);
      ledger->settle();
    }
  }
  // At least all that was recorded; the ends of a lost run come before.
  void wait_for_commit() {
    ASSERT_TRUE(wait_until([this] {
      return channel->size() == 0 && writer->stats().head.seq >= before + last_seq();
    }));
  }
  // Writes for a while, and loses the power in the middle of it; the head that was acknowledged.
  Head live_until_power_loss(const std::string& file, const std::string& copy,
                             Durability durability) {
    begin(file, durability);
    const auto rounds = 1 + random() % 12;
    for (std::uint64_t i = 0; i < rounds; ++i) {
      come_and_go(60);
      if (i + 1 < rounds) wait_for_commit();
    }
    const Head head = writer->stats().head;
    vfs.lose_power(file, copy, random() % 3 == 0 ? 0 : random());
    EXPECT_TRUE(writer->stop(10s));
    writer.reset();
    return head;
  }
  static std::string verdict(const std::string& file, const VerificationOptions& options) {
    const auto report = verify_file(file, options);
    if (!report) return report.error().message;
    std::string text;
    for (const Violation& each : report->violations)
      text += std::string(rule_name(each.rule)) + ": " + each.text + "\n";
    return text;
  }

  std::mt19937_64 random;
  std::int64_t before = 0;  // events of the runs before
  FaultyVfs vfs;
};

TEST_F(PowerLoss, LosesNothingThatWasCommittedIfItMayNot) {
  vfs.begin_to_note();
  for (const std::uint64_t seed : testing::seeds_to_run(6)) {
    random.seed(seed);
    std::string file = folder.file("power-" + std::to_string(seed) + "-0.db");
    for (int life = 1; life <= 4; ++life) {
      SCOPED_TRACE("THROTTLE_SEED=" + std::to_string(seed) + ", life " + std::to_string(life));
      const std::string left =
          folder.file("power-" + std::to_string(seed) + "-" + std::to_string(life) + ".db");
      const Head head = live_until_power_loss(file, left, Durability::kPower);
      ASSERT_EQ(verdict(left, {.heads = {{head.batch_no, head.seq, to_hex(head.hash)}}}), "");
      file = left;
    }
  }
}

TEST_F(PowerLoss, LeavesAWholeFileIfNotAllMustSurvive) {
  vfs.begin_to_note();
  std::int64_t lost = 0;
  for (const std::uint64_t seed : testing::seeds_to_run(6)) {
    random.seed(seed);
    std::string file = folder.file("process-" + std::to_string(seed) + "-0.db");
    for (int life = 1; life <= 4; ++life) {
      SCOPED_TRACE("THROTTLE_SEED=" + std::to_string(seed) + ", life " + std::to_string(life));
      const std::string left =
          folder.file("process-" + std::to_string(seed) + "-" + std::to_string(life) + ".db");
      const Head head = live_until_power_loss(file, left, Durability::kProcess);
      ASSERT_EQ(verdict(left, {}), "");
      lost += head.seq - std::stoll(value(left, "SELECT ifnull(max(seq), 0) FROM event"));
      file = left;
    }
  }
  EXPECT_GT(lost, 0) << "or nothing was proven";
}

}  // namespace
}  // namespace throttle::journal
