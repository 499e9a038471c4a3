// Who holds and who waits, as people are told.
#include <chrono>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/lease/door_fixture.h"

namespace throttle::lease {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class ViewRoutes : public DoorTest {
 protected:
  ViewRoutes() {
    configure({{.name = "A", .full_count = 2}, {.name = "B", .full_count = 1, .level = 1}});
  }

  json leases(std::string_view query = {}) {
    EXPECT_EQ(ask("GET /leases" + std::string(query)).substr(0, 4), "200 ");
    EXPECT_EQ(response().content_type, "application/json");
    return json::parse(response().body)["semaphores"];
  }
};

TEST_F(ViewRoutes, WithoutPeersAllSemaphoresAreFree) {
  EXPECT_EQ(leases(), json::parse(R"([
      {"name": "A", "max": 2, "held": [], "waiting": []},
      {"name": "B", "max": 1, "held": [], "waiting": []}])"));
}

TEST_F(ViewRoutes, HoldersStandByAgeAndWaitersByTheirTurn) {
  ask("POST /acquire",
      R"({"pending": {"A": 1}, "expires_in": "5min", "label": "nightly \"import\""})");
  const json first = json::parse(response().body);
  pass(2s);
  const std::string second = new_peer();
  ask("PUT /peers/" + second + "/A", "1");
  const std::string third = new_peer();
  ask("PUT /peers/" + third + "/A", "2");
  const std::string fourth = new_peer();
  ask("PUT /peers/" + fourth + "/A", "1");
  pass(1s);

  const json a = leases()[0];
  ASSERT_EQ(a["held"].size(), 2U);
  EXPECT_EQ(a["held"][0]["peer"], first);
  EXPECT_EQ(a["held"][0]["label"], "nightly \"import\"");
  EXPECT_EQ(a["held"][0]["count"], 1);
  EXPECT_EQ(a["held"][0]["held_ms"], 3000);
  EXPECT_EQ(a["held"][1]["peer"], json::parse(second));
  EXPECT_EQ(a["held"][1]["held_ms"], 1000);
  EXPECT_FALSE(a["held"][1].contains("label"));
  ASSERT_EQ(a["waiting"].size(), 2U);
  EXPECT_EQ(a["waiting"][0]["peer"], json::parse(third));
  EXPECT_EQ(a["waiting"][0]["count"], 2);
  EXPECT_EQ(a["waiting"][0]["place"], 1);
  EXPECT_EQ(a["waiting"][0]["waited_ms"], 1000);
  EXPECT_EQ(a["waiting"][1]["peer"], json::parse(fourth));
  EXPECT_EQ(a["waiting"][1]["place"], 2);
}

TEST_F(ViewRoutes, OneSemaphoreIsToldAlone) {
  ask("POST /acquire", R"({"pending": {"B": 1}, "expires_in": "5min"})");
  const json only = leases("?semaphore=B");
  ASSERT_EQ(only.size(), 1U);
  EXPECT_EQ(only[0]["name"], "B");
  EXPECT_EQ(only[0]["held"].size(), 1U);
  EXPECT_EQ(ask("GET /leases?semaphore=C"), "400 Unknown semaphore");
}

TEST_F(ViewRoutes, WhoseTimeIsOverHoldsNothing) {
  ask("POST /acquire", R"({"pending": {"B": 1}, "expires_in": "1s"})");
  pass_unnoticed(2s);
  EXPECT_TRUE(leases("?semaphore=B")[0]["held"].empty());
}

TEST_F(ViewRoutes, ALeaseOutlivesTheConfigurationOfItsSemaphore) {
  ask("POST /acquire", R"({"pending": {"B": 1}, "expires_in": "5min"})");
  configure({{.name = "A", .full_count = 2}});
  const json both = leases();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1]["name"], "B");
  EXPECT_EQ(both[1]["held"].size(), 1U);
}

}  // namespace
}  // namespace throttle::lease
