// `history`, `holders`, `waits` and `holds` on a file that the real writer wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

// 16:00:00 the first takes both of database, 16:00:03 the second waits for one, 16:01:03 the first
// ends and the second is granted, 16:02:03 a third takes the other one; both go on.
class InspectHistory : public InspectTest {
 protected:
  void SetUp() override {
    open_with_clock();
    first = enroll(2, "nightly import");
    advance(3s);
    second = enroll(1, "\x1b[2Jx");
    advance(60s);
    remove(first);
    advance(60s);
    third = enroll(1);
    flush();
  }
  std::vector<std::string> peers(const std::vector<std::string>& words) {
    std::vector<std::string> command{"holders", "--json"};
    command.insert(command.end(), words.begin(), words.end());
    std::vector<std::string> found;
    const json rows = json::parse(inspect(command).out);
    for (const json& row : rows) {
      const auto id = row["peer"].get<std::uint64_t>();
      const char* const name = id == first ? "first" : id == second ? "second" : "third";
      found.push_back(name + (" " + row["state"].get<std::string>()));
    }
    return found;
  }
  using Names = std::vector<std::string>;

  PeerId first = 0;
  PeerId second = 0;
  PeerId third = 0;
};

TEST_F(InspectHistory, ShowsEveryEventInOrder) {
  EXPECT_EQ(inspect({"history", "--columns", "seq,at,event,semaphore,label,count,span,cause"}).out,
            "SEQ  AT                       EVENT        SEMAPHORE  LABEL           COUNT    SPAN  "
            "CAUSE\n"
            "  1  2025-11-24 16:00:00.000  started      -          -                   -       -  "
            "-\n"
            "  2  2025-11-24 16:00:00.000  configured   database   -                   2       -  "
            "-\n"
            "  3  2025-11-24 16:00:00.000  granted      database   nightly import      2      0s  "
            "-\n"
            "  4  2025-11-24 16:00:03.000  queued       database   \\x1b[2Jx            1       -  "
            "-\n"
            "  5  2025-11-24 16:01:03.000  lease_ended  database   nightly import      2  1m 03s  "
            "released\n"
            "  6  2025-11-24 16:01:03.000  granted      database   \\x1b[2Jx            1  1m 00s  "
            "-\n"
            "  7  2025-11-24 16:02:03.000  granted      database   -                   1      0s  "
            "-\n");
}

TEST_F(InspectHistory, TakesTimesRunsAndNumbers) {
  const auto seqs = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"history", "--csv", "--no-header", "--columns", "seq"});
    std::string text = inspect(words).out;
    std::erase(text, '\r');
    std::ranges::replace(text, '\n', ' ');
    return text;
  };
  EXPECT_EQ(seqs({"--since", "2025-11-24T16:00:03", "--until", "2025-11-24T16:01:03"}), "4 5 6 ");
  EXPECT_EQ(seqs({"--since", "16:00:03.5"}), "5 6 7 ");
  EXPECT_EQ(seqs({"--since", "90s ago"}), "5 6 7 ");
  EXPECT_EQ(seqs({"--since", "seq:6"}), "6 7 ");
  EXPECT_EQ(seqs({"--until", "seq:2"}), "1 2 ");
  EXPECT_EQ(seqs({"--since", "run:1", "--until", "2025-11-24T15:00"}), "");
  EXPECT_EQ(seqs({"--since", "seq:6", "--until", "seq:2"}), "");
  const Ran none = inspect({"history", "--since", "run:7"});
  EXPECT_EQ(none.exit, 2);
  EXPECT_THAT(none.error, HasSubstr("has no run 7"));
}

TEST_F(InspectHistory, FindsPeersBySeveralNames) {
  const auto count = [this](const std::string& peer) {
    return json::parse(inspect({"history", peer, "--json"}).out).size();
  };
  EXPECT_EQ(count(std::to_string(first)), 2U);
  EXPECT_EQ(count("label:nightly*"), 2U);
  EXPECT_EQ(count("client:10.0.0.9"), 5U);
  EXPECT_EQ(count("client:10.0.0.9:40022"), 5U);
  const Ran none = inspect({"history", "client:10.0.0.1"});
  EXPECT_EQ(none.exit, 1);
  EXPECT_EQ(inspect({"history", "somebody"}).exit, 2);
}

TEST_F(InspectHistory, SelectsSemaphoresAndKinds) {
  const auto count = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"history", "--json"});
    return json::parse(inspect(words).out).size();
  };
  EXPECT_EQ(count({"--semaphore", "data*"}), 6U);
  EXPECT_EQ(count({"--semaphore", "other"}), 0U);
  EXPECT_EQ(count({"--kind", "granted", "--kind", "queued"}), 4U);
  EXPECT_EQ(inspect({"history", "--kind", "grunted"}).exit, 2);
}

TEST_F(InspectHistory, HoldersAtEveryTimeAreThoseOfThatTime) {
  EXPECT_EQ(peers({}), (Names{"second holds", "third holds"}));
  EXPECT_EQ(peers({"--at", "2025-11-24T16:00:02"}), (Names{"first holds"}));
  EXPECT_EQ(peers({"--at", "2025-11-24T16:00:03"}), (Names{"first holds", "second waits"}));
  EXPECT_EQ(peers({"--at", "2025-11-24T16:01:02.999"}), (Names{"first holds", "second waits"}));
  EXPECT_EQ(peers({"--at", "2025-11-24T16:01:03"}), (Names{"second holds"}));
  EXPECT_EQ(peers({"--at", "2025-11-24T15:59"}), Names{});
  EXPECT_EQ(peers({"--at", "seq:3"}), (Names{"first holds"}));
  EXPECT_EQ(peers({"--at", "seq:5"}), (Names{"second waits"}));
  EXPECT_EQ(peers({"--at", "run:1"}), Names{});
}

TEST_F(InspectHistory, HoldersSurviveTheEndOfTheRun) {
  ASSERT_TRUE(writer->stop(10s));
  EXPECT_EQ(peers({"--at", "2025-11-24T16:00:03"}), (Names{"first holds", "second waits"}));
  EXPECT_EQ(peers({}), Names{});
}

TEST_F(InspectHistory, ShowsTheLongestFirst) {
  EXPECT_EQ(inspect({"holds", "--top", "2", "--columns", "held,count,from,to,ended by"}).out,
            "  HELD  COUNT  FROM                 TO                   ENDED BY\n"
            "1m 03s      2  2025-11-24 16:00:00  2025-11-24 16:01:03  released\n"
            "1m 00s      1  2025-11-24 16:01:03  -                    -\n");
  EXPECT_EQ(inspect({"waits", "--columns", "waited,ended by"}).out,
            "WAITED  ENDED BY\n1m 00s  granted\n");
  const auto count = [this](const std::vector<std::string>& words) {
    return json::parse(inspect(words).out).size();
  };
  EXPECT_EQ(count({"holds", "--json", "--top", "1"}), 1U);
  EXPECT_EQ(count({"holds", "--json", "--longer-than", "1min"}), 2U);
  EXPECT_EQ(inspect({"holds", "--top", "0"}).exit, 2);
  EXPECT_EQ(inspect({"holds", "--longer-than", "long"}).exit, 2);
}

}  // namespace
}  // namespace throttle::inspect
