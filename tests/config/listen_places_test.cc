// Which addresses two cannot listen on at once.
#include "libthrottle/config/listen_places.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::config {
namespace {

TEST(ListenPlaces, OverlapOnOnePortOfOneAddress) {
  struct Row {
    HostPort one;
    HostPort other;
    bool overlap;
  };
  const Row rows[] = {{{"", 1}, {"", 1}, true},
                      {{"", 1}, {"127.0.0.1", 1}, true},
                      {{"", 1}, {"example.org", 1}, true},
                      {{"::", 1}, {"0.0.0.0", 1}, true},
                      {{"0.0.0.0", 1}, {"127.0.0.1", 1}, true},
                      {{"0.0.0.0", 1}, {"localhost", 1}, true},
                      {{"::1", 1}, {"0:0::1", 1}, true},
                      {{"localhost", 1}, {"::1", 1}, true},
                      {{"example.org", 1}, {"example.org", 1}, true},
                      {{"", 0}, {"", 0}, false},
                      {{"", 1}, {"", 2}, false},
                      {{"0.0.0.0", 1}, {"::1", 1}, false},
                      {{"127.0.0.1", 1}, {"127.0.0.2", 1}, false},
                      {{"localhost", 1}, {"192.0.2.1", 1}, false},
                      {{"example.org", 1}, {"127.0.0.1", 1}, false}};
  for (const Row& row : rows) {
    for (const auto& [there, comes] : {std::pair(row.one, row.other), {row.other, row.one}}) {
      const std::vector<proxy::Settings> proxies{{.name = "P", .listen = there}};
      EXPECT_EQ(!who_listens_at(comes, proxies).empty(), row.overlap)
          << there.to_string() << ' ' << comes.to_string();
    }
  }
}

TEST(ListenPlaces, AreToldAsPeopleKnowThem) {
  const std::vector<proxy::Settings> proxies{{.name = "P", .listen = {"", 1}},
                                             {.name = "Q", .listen = {"::1", 2}}};
  EXPECT_EQ(who_listens_at({"::1", 1}, proxies),
            "the proxy \"P\" listens on port 1 of all addresses already");
  EXPECT_EQ(who_listens_at({"", 2}, proxies), "the proxy \"Q\" listens on [::1]:2 already");
}

}  // namespace
}  // namespace throttle::config
