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
      const std::vector<proxy::Settings> proxies{{.name = "P", .listen = {there}}};
      EXPECT_EQ(!who_listens_at(comes, proxies).empty(), row.overlap)
          << there.to_string() << ' ' << comes.to_string();
    }
  }
}

TEST(ListenPlaces, AreToldAsPeopleKnowThem) {
  const std::vector<proxy::Settings> proxies{{.name = "P", .listen = {{"", 1}}},
                                             {.name = "Q", .listen = {{"::1", 2}}}};
  EXPECT_EQ(who_listens_at({"::1", 1}, proxies),
            "the proxy \"P\" already listens on port 1 on all addresses");
  EXPECT_EQ(who_listens_at({"", 2}, proxies), "the proxy \"Q\" already listens on [::1]:2");
}

TEST(ListenPlaces, AreAllKnownOfAProxyThatHasSeveral) {
  const std::vector<proxy::Settings> proxies{{.name = "P", .listen = {{"", 1}, {"::1", 2}}}};
  EXPECT_EQ(who_listens_at({"::", 2}, proxies), "the proxy \"P\" already listens on [::1]:2");
  EXPECT_EQ(clash_within(proxies.front()), "");
  EXPECT_EQ(clash_within({.listen = {{"::1", 2}, {"", 1}, {"localhost", 1}}}),
            "it already listens on port 1 on all addresses");
  const std::vector<proxy::Settings> ring{
      {.name = "a", .listen = {{"", 1}, {"", 2}}, .upstream = {"localhost", 4}},
      {.name = "b", .listen = {{"", 3}, {"", 4}}, .upstream = {"localhost", 2}}};
  EXPECT_EQ(loop_closed_by_last(ring), "the connections would come back: \"b\" to \"a\" to \"b\"");
}

TEST(Loops, AreFoundFromTheProxyThatClosesThem) {
  using Proxies = std::vector<proxy::Settings>;
  const Proxies itself{{.name = "a", .listen = {{"", 1}}, .upstream = {"localhost", 1}}};
  EXPECT_EQ(loop_closed_by_last(itself), "the connections would come back: \"a\" to \"a\"");
  const Proxies ring{{.name = "a", .listen = {{"", 1}}, .upstream = {"127.0.0.1", 2}},
                     {.name = "b", .listen = {{"127.0.0.1", 2}}, .upstream = {"::1", 3}},
                     {.name = "c", .listen = {{"::", 3}}, .upstream = {"localhost", 1}}};
  EXPECT_EQ(loop_closed_by_last(ring),
            "the connections would come back: \"c\" to \"a\" to \"b\" to \"c\"");
  const Proxies aliases{{.name = "a", .listen = {{"::", 1}}, .upstream = {"My.LocalHost.", 1}}};
  EXPECT_NE(loop_closed_by_last(aliases), "");
  const Proxies named{{.name = "a", .listen = {{"10.0.0.1", 1}}, .upstream = {"10.0.0.1", 1}}};
  EXPECT_NE(loop_closed_by_last(named), "");
}

TEST(Chains, AreFoundWhereTwoProxiesShareASemaphore) {
  using Proxies = std::vector<proxy::Settings>;
  const Proxies chain{
      {.name = "a", .listen = {{"", 1}}, .upstream = {"localhost", 2}, .semaphore = "S"},
      {.name = "b", .listen = {{"", 2}}, .upstream = {"localhost", 3}, .semaphore = "T"},
      {.name = "c", .listen = {{"", 3}}, .upstream = {"localhost", 9}, .semaphore = "S"}};
  EXPECT_EQ(chain_with_last(chain),
            "its connections take two places of the semaphore \"S\": \"a\" to \"b\" to \"c\"");
  EXPECT_EQ(chain_with_last(std::span(chain).first(2)), "");
  const Proxies side_by_side{
      {.name = "a", .listen = {{"", 1}}, .upstream = {"x", 2}, .semaphore = "S"},
      {.name = "b", .listen = {{"", 2}}, .upstream = {"y", 3}, .semaphore = "S"}};
  EXPECT_EQ(chain_with_last(side_by_side), "");
}

TEST(Loops, AreNoneWhereTheUpstreamIsElsewhereOrTheWayEnds) {
  using Proxies = std::vector<proxy::Settings>;
  const Proxies other_machine{{.name = "a", .listen = {{"", 1}}, .upstream = {"10.0.0.1", 1}}};
  EXPECT_EQ(loop_closed_by_last(other_machine), "");
  const Proxies chain{{.name = "a", .listen = {{"", 1}}, .upstream = {"localhost", 9}},
                      {.name = "b", .listen = {{"", 2}}, .upstream = {"localhost", 1}}};
  EXPECT_EQ(loop_closed_by_last(chain), "");
  EXPECT_EQ(loop_closed_by_last({}), "");
}

}  // namespace
}  // namespace throttle::config
