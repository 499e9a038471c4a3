// What clients can pile up: the number of peers, and how far in the future they expire.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lease/door_fixture.h"

namespace throttle::lease {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

class BoundsTest : public DoorTest {
 protected:
  BoundsTest() { configure({{.name = "A", .full_count = 10}}); }
};

TEST_F(BoundsTest, NoRequestAddsAPeerBeyondTheBound) {
  door.set_bounds({.peers = 2});
  restore("1");
  restore("2", R"({"A": 1})");
  const std::string life = R"({"expires_in": "5min"})";
  for (const auto& [line, body] : std::initializer_list<std::pair<const char*, std::string>>{
           {"POST /new_peer", life},
           {"POST /restore", R"({"expires_in": "5min", "peer_id": 3, "acquired": {}})"},
           {"POST /acquire", R"({"expires_in": "5min", "pending": {"A": 1}})"},
           {"PUT /peers/3", R"({"expires_in": "5min", "active": {"A": 1}})"},
           {"POST /peers/3/block_until_acquired",
            R"({"expires_in": "5min", "pending": {"A": 1}})"}}) {
    const std::string refused = ask(line, body);
    EXPECT_THAT(refused, StartsWith("503 ")) << line;
    EXPECT_THAT(refused, HasSubstr("(max_peers = 2)")) << line;
    EXPECT_THAT(response().headers, ElementsAre(Pair("Retry-After", "1")));
  }
  EXPECT_EQ(ledger.peer_count(), 2U);
}

TEST_F(BoundsTest, PeersThatAreThereGoOnAtTheBound) {
  door.set_bounds({.peers = 2});
  restore("1");
  restore("2", R"({"A": 1})");
  EXPECT_EQ(ask("PUT /peers/1", R"({"expires_in": "5min"})"), "200 Ok");
  EXPECT_EQ(ask("PUT /peers/1/A", "1"), "200 1");
  restore("2", R"({"A": 1})");
  EXPECT_EQ(ask("PUT /peers/2", R"({"expires_in": "5min", "active": {"A": 1}})"), "200 Ok");
  EXPECT_EQ(ask("DELETE /peers/1"), R"(200 "Peer released")");
  new_peer();
}

TEST_F(BoundsTest, NoRequestPutsAnExpiryBeyondTheBound) {
  restore("1");
  door.set_bounds({.expires_in = 1h});
  const std::string late = R"({"expires_in": "61min", "peer_id": 3, "acquired": {"A": 1}, )"
                           R"("pending": {"A": 1}})";
  for (const char* const line : {"POST /new_peer", "POST /restore", "POST /acquire", "PUT /peers/1",
                                 "POST /peers/1/block_until_acquired"})
    EXPECT_THAT(ask(line, late), StartsWith("400 expires_in is longer than")) << line;
  EXPECT_THAT(ask("PUT /peers/1/A?expires_in=61min", "1"), HasSubstr("(max_expires_in = 1h)"));
  EXPECT_EQ(ask("PUT /peers/1/A?expires_in=60min", "1"), "200 1");
  EXPECT_EQ(ledger.peer_count(), 1U);
}

}  // namespace
}  // namespace throttle::lease
