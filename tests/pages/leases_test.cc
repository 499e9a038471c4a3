// The page /leases: its content, its order, and its pieces.
#include "libthrottle/pages/leases.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/pages/whole_page.h"

namespace throttle::pages {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Progress = http::Producer::Progress;

class LeasesPageTest : public testing::Test {
 protected:
  LeasesPageTest() : ledger_({.seed = 7, .wall_ms = 1'000'000}) {
    add_leases_route(router_, ledger_);
    configure({{.name = "A", .full_count = 2}, {.name = "B", .full_count = 1, .level = 1}});
  }

  void configure(std::vector<SemaphoreSettings> semaphores) {
    ledger_.configure(now_, semaphores);
    ledger_.clear_events();
  }
  void pass(Duration time) {
    now_ += time;
    ledger_.advance(now_);
    ledger_.clear_events();
  }
  // A new peer with a lock, or waiting for one.
  PeerId enroll(std::string_view semaphore, Count count = 1, std::string label = {}) {
    const AcquireOutcome outcome =
        ledger_.enroll(now_, {.spec = {.time_to_live = kForever,
                                       .address = {IpAddress::from_v4({10, 0, 0, 7}), 52114},
                                       .label = std::move(label)},
                              .semaphore = semaphore,
                              .count = count});
    ledger_.clear_events();
    return outcome.peer;
  }

  http::Response ask(std::string_view query = {}) {
    http::Request request;
    request.path = "/leases";
    request.query = query;
    auto dispatch = router_.dispatch(request, 1, now_);
    EXPECT_TRUE(dispatch.response);
    return *std::move(dispatch.response);
  }
  // Between two pieces the test may change the ledger.
  template <typename Between>
  json leases(std::string_view query, Between between) {
    http::Response response = ask(query);
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.content_type, "application/json");
    pieces_.clear();
    std::string body;
    for (;;) {
      const std::size_t before = body.size();
      const Progress progress = response.producer->produce(body, now_);
      pieces_.push_back(body.size() - before);
      if (progress == Progress::kEnd) break;
      between();
    }
    json page = json::parse(body);
    return page["semaphores"];
  }
  json leases(std::string_view query = {}) {
    return leases(query, [] {});
  }
  std::size_t longest_piece() const { return *std::ranges::max_element(pieces_); }

  LeaseLedger ledger_;
  http::Router router_;
  TimePoint now_{};
  std::vector<std::size_t> pieces_;
};

TEST_F(LeasesPageTest, WithoutPeersAllSemaphoresAreFree) {
  EXPECT_EQ(leases(), json::parse(R"([
      {"name": "A", "max": 2, "held": [], "waiting": []},
      {"name": "B", "max": 1, "held": [], "waiting": []}])"));
  EXPECT_EQ(pieces_.size(), 1U);
}

TEST_F(LeasesPageTest, WithoutSemaphoresItIsEmpty) {
  configure({});
  EXPECT_EQ(leases(), json::array());
}

TEST_F(LeasesPageTest, HoldersAreListedByAgeAndWaitersByTheirTurn) {
  const PeerId first = enroll("A", 1, "nightly \"import\"");
  pass(2s);
  const PeerId second = enroll("A");
  const PeerId third = enroll("A", 2);
  const PeerId fourth = enroll("A");
  pass(1s);

  const json a = leases()[0];
  EXPECT_EQ(a["held"], json::parse(R"([
      {"peer": )" + std::to_string(first) +
                                   R"(, "count": 1, "client": "10.0.0.7:52114",
       "label": "nightly \"import\"", "held_ms": 3000},
      {"peer": )" + std::to_string(second) +
                                   R"(, "count": 1, "client": "10.0.0.7:52114",
       "held_ms": 1000}])"));
  EXPECT_EQ(a["waiting"], json::parse(R"([
      {"peer": )" + std::to_string(third) +
                                      R"(, "count": 2, "client": "10.0.0.7:52114",
       "place": 1, "waited_ms": 1000},
      {"peer": )" + std::to_string(fourth) +
                                      R"(, "count": 1, "client": "10.0.0.7:52114",
       "place": 2, "waited_ms": 1000}])"));
}

TEST_F(LeasesPageTest, IsIndentedAndSaysWhenALeaseExpires) {
  const PeerId peer =
      ledger_.enroll(now_, {.spec = {.time_to_live = 5s}, .semaphore = "A", .count = 2}).peer;
  pass(1s);
  const auto left = ledger_.peer(peer)->removal - now_;
  const std::string id = std::to_string(peer);
  http::Response response = ask();
  EXPECT_EQ(
      whole(*response.producer, now_),
      "{\"semaphores\": [\n"
      "  {\"name\": \"A\", \"max\": 2,\n"
      "   \"held\": [\n"
      "    {\"peer\": " +
          id + ", \"count\": 2, \"client\": \"" + SocketAddress().to_string() +
          "\", \"expires_in_ms\": " +
          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(left).count()) +
          ", \"held_ms\": 1000}],\n"
          "   \"waiting\": []},\n"
          "  {\"name\": \"B\", \"max\": 1,\n"
          "   \"held\": [],\n"
          "   \"waiting\": []}]}\n");
}

TEST_F(LeasesPageTest, OneSemaphoreIsShownAlone) {
  enroll("A");
  enroll("B");
  const json only = leases("semaphore=B");
  ASSERT_EQ(only.size(), 1U);
  EXPECT_EQ(only[0]["name"], "B");
  EXPECT_EQ(only[0]["held"].size(), 1U);
}

TEST_F(LeasesPageTest, RefusesAnUnknownSemaphoreAndABadQuery) {
  EXPECT_EQ(ask("semaphore=C").status, 400U);
  EXPECT_EQ(ask("semaphore=C").body, "Unknown semaphore");
  EXPECT_EQ(ask("semaphore=C").about, "C");
  EXPECT_EQ(ask("semaphore=A&semaphore=B").status, 400U);
  EXPECT_EQ(ask("semaphore=%zz").status, 400U);
}

TEST_F(LeasesPageTest, ALeaseOutlivesTheConfigurationOfItsSemaphore) {
  enroll("B");
  configure({{.name = "A", .full_count = 2}});
  const json both = leases();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1]["name"], "B");
  EXPECT_EQ(both[1]["held"].size(), 1U);
}

TEST_F(LeasesPageTest, APeerWithSeveralLocksIsListedWithEach) {
  const PeerId peer = enroll("B");
  EXPECT_EQ(ledger_.acquire(now_, {.peer = peer, .semaphore = "A"}).status,
            AcquireStatus::kAcquired);
  ledger_.clear_events();
  const json both = leases();
  EXPECT_EQ(both[0]["held"][0]["peer"], peer);
  EXPECT_EQ(both[1]["held"][0]["peer"], peer);
}

TEST_F(LeasesPageTest, ManyPeersAreWrittenInShortPiecesAndInOrder) {
  configure({{.name = "A", .full_count = 5000}, {.name = "B", .full_count = 1}});
  std::vector<PeerId> holders;
  for (int i = 0; i < 5000; ++i) {
    holders.push_back(enroll("A"));
    if (i % 10 == 0) pass(1ms);
  }
  std::vector<PeerId> waiters;
  waiters.reserve(3000);
  for (int i = 0; i < 3000; ++i)
    waiters.push_back(enroll("B"));

  const json page = leases();
  ASSERT_EQ(page[0]["held"].size(), 5000U);
  auto last = std::int64_t{1} << 60;
  for (const json& held : page[0]["held"]) {
    EXPECT_LE(held["held_ms"], last);
    last = held["held_ms"];
  }
  EXPECT_EQ(page[1]["held"][0]["peer"], waiters[0]);
  ASSERT_EQ(page[1]["waiting"].size(), 2999U);
  for (std::size_t i = 0; i < 2999; ++i) {
    EXPECT_EQ(page[1]["waiting"][i]["peer"], waiters[i + 1]);
    EXPECT_EQ(page[1]["waiting"][i]["place"], i + 1);
  }
  EXPECT_GT(pieces_.size(), 8U);
  EXPECT_LT(longest_piece(), 70'000U);
}

// One client could end the server with such labels: the page was one string of more than INT_MAX
// bytes.
TEST_F(LeasesPageTest, LabelsThatGrowSixfoldMakeMorePiecesAndNoLongerOnes) {
  configure({{.name = "A", .full_count = 300}, {.name = "B", .full_count = 1}});
  for (int i = 0; i < 300; ++i) {
    enroll("A", 1, std::string(1024, '\x01'));
    enroll("B", 1, std::string(1024, '\x02'));
  }
  const json page = leases();
  EXPECT_EQ(page[0]["held"][299]["label"], std::string(1024, '\x01'));
  EXPECT_EQ(page[1]["waiting"][298]["label"], std::string(1024, '\x02'));
  EXPECT_GT(pieces_.size(), 30U);
  EXPECT_LT(longest_piece(), 64U * 1024 + 60'000);
}

TEST_F(LeasesPageTest, ALabelThatIsNotUtf8MakesNoBadPage) {
  enroll("A", 1, "a\xFF");
  EXPECT_EQ(leases()[0]["held"][0]["label"], "a\xEF\xBF\xBD");
}

// What is there all the while is on the page, whatever comes and goes meanwhile.
TEST_F(LeasesPageTest, TheLedgerMayChangeBetweenThePieces) {
  configure({{.name = "A", .full_count = 10'000}, {.name = "B", .full_count = 1}});
  std::vector<PeerId> stable;
  std::vector<PeerId> passing;
  for (int i = 0; i < 4000; ++i) {
    stable.push_back(enroll("A"));
    passing.push_back(enroll("A"));
  }
  const json page = leases({}, [&] {
    for (int i = 0; i < 50 && !passing.empty(); ++i) {
      ledger_.remove_peer(now_, passing.back());
      passing.pop_back();
      enroll("A");
    }
    pass(1ms);
  });
  std::vector<PeerId> shown;
  for (const json& held : page[0]["held"])
    shown.push_back(held["peer"]);
  std::ranges::sort(shown);
  EXPECT_EQ(std::ranges::adjacent_find(shown), shown.end()) << "a lease is listed twice";
  std::ranges::sort(stable);
  EXPECT_TRUE(std::ranges::includes(shown, stable));
}

TEST_F(LeasesPageTest, ASemaphoreMayBeRetiredBetweenThePieces) {
  configure({{.name = "A", .full_count = 5000}, {.name = "B", .full_count = 5000}});
  for (int i = 0; i < 3000; ++i)
    enroll("A");
  std::vector<PeerId> of_b;
  of_b.reserve(3000);
  for (int i = 0; i < 3000; ++i)
    of_b.push_back(enroll("B"));
  bool retired = false;
  const json page = leases({}, [&] {
    if (std::exchange(retired, true)) return;
    configure({{.name = "A", .full_count = 5000}});
    for (const PeerId peer : of_b)
      ledger_.remove_peer(now_, peer);
    ledger_.clear_events();
  });
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0]["held"].size(), 3000U);
}

}  // namespace
}  // namespace throttle::pages
