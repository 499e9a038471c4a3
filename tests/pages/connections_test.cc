// The page /connections: its content, and what happens when a proxy goes while it is written.
#include "libthrottle/pages/connections.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/pages/whole_page.h"

namespace throttle::pages {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const proxy::ConnectionView kWaiting{.client = {IpAddress::from_v4({10, 0, 0, 7}), 52114},
                                     .peer = 9007199254740993,
                                     .state = proxy::ConnectionState::kWaiting,
                                     .age = 1500ms,
                                     .in_state = 500ms,
                                     .place = 3};

// A proxy whose slices show one connection each, and which is gone after a number of them.
ShownProxy proxy_of(std::string name, std::size_t slices) {
  return {.head = {.name = std::move(name),
                   .listen = "127.0.0.1:9000",
                   .upstream = "db:5432",
                   .semaphore = "A",
                   .active = 1,
                   .waiting = 2},
          .visit = [slices](auto&, std::size_t, const auto& visit) mutable {
            if (slices == 0) return false;
            --slices;
            visit(kWaiting);
            return true;
          }};
}

TEST(ConnectionsPage, WithoutProxiesItIsEmpty) {
  EXPECT_EQ(whole(*connections_page({})), "{\"proxies\": []}\n");
}

TEST(ConnectionsPage, ShowsEachProxyWithItsConnectionsALineEach) {
  std::vector<ShownProxy> proxies = {proxy_of("office", 1), proxy_of("database", 0)};
  const std::string text = whole(*connections_page(std::move(proxies)));
  EXPECT_EQ(text, R"({"proxies": [
  {"name": "office", "listen": "127.0.0.1:9000", "upstream": "db:5432", "semaphore": "A", )"
                  R"("active": 1, "waiting": 2, "connections": [
    {"client": "10.0.0.7:52114", "state": "waiting", "age_ms": 1500, "in_state_ms": 500, )"
                  R"("bytes_up": 0, "bytes_down": 0, "peer": 9007199254740993, "place": 3}]},
  {"name": "database", "listen": "127.0.0.1:9000", "upstream": "db:5432", "semaphore": "A", )"
                  R"("active": 1, "waiting": 2, "connections": []}]}
)");
}

TEST(ConnectionsPage, AProxyThatGoesMeanwhileEndsItsList) {
  std::vector<ShownProxy> proxies = {proxy_of("office", 2000)};
  const auto page = connections_page(std::move(proxies));
  std::string text;
  std::size_t pieces = 1;
  while (page->produce(text, {}) != http::Producer::Progress::kEnd)
    ++pieces;
  EXPECT_GT(pieces, 100U);
  EXPECT_EQ(json::parse(text)["proxies"][0]["connections"].size(), 2000U);
}

}  // namespace
}  // namespace throttle::pages
