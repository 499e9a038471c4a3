// Unix sockets in the tables of proxies and on the command line.
#include <string>
#include <sys/un.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/config/listen_places.h"
#include "libthrottle/config/settings_file.h"
#include "libthrottle/config/unix_place.h"
#include "libthrottle/core/text.h"
#include "tests/config/mistake.h"

namespace throttle::config {
namespace {

using testing::ElementsAre;

HostPort place(std::string_view path) {
  return HostPort::of_unix(path);
}

TEST(UnixPlaces, AreTakenForListenAndUpstream) {
  const auto loaded = parse_settings(
      "[proxy.P]\nlisten = ['unix:/run/a.sock', 1]\nupstream = 'unix:/run/b.sock'\n"
      "socket_mode = '0600'\naccept_proxy = ['unix']\n"
      "client_limits = { 'unix:uid=0' = 'none', unix = 3 }",
      "t.toml");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const proxy::Settings& proxy = loaded->settings.proxies.front();
  EXPECT_THAT(proxy.listen, ElementsAre(place("/run/a.sock"), HostPort{"", 1}));
  EXPECT_EQ(proxy.upstream, place("/run/b.sock"));
  EXPECT_EQ(proxy.socket_mode, 0600U);
  EXPECT_TRUE(proxy.accept_proxy.front().contains(IpAddress::of_unix(7)));
  EXPECT_EQ(proxy.client_limits.override_of(IpAddress::of_unix(7))->max_per_client, 3U);
  EXPECT_EQ(proxy.client_limits.override_of(IpAddress::of_unix(0))->max_per_client,
            ConnectionLimiter::kUnlimited);
}

TEST(UnixPlaces, AreWrittenInTheShortestWay) {
  for (const char* const text :
       {"unix:/run/x.sock", "unix:///run//./x.sock", "unix:/a/../run/x.sock"})
    EXPECT_EQ(parse_unix_place(text), place("/run/x.sock")) << text;
  EXPECT_EQ(place("/run/x.sock").to_string(), "unix:/run/x.sock");
}

TEST(UnixPlaces, SayWhatIsWrong) {
  const std::size_t most = sizeof(sockaddr_un::sun_path) - 1;
  const std::string longest = "/" + std::string(most - 1, 'x');
  EXPECT_TRUE(parse_unix_place("unix:" + longest));
  const Mistake rows[] = {
      {"unix:x.sock",
       "\"unix:x.sock\" is no Unix socket: expected its whole path, as in "
       "unix:/run/x.sock"},
      {"unix:/run/", "\"unix:/run/\" is no Unix socket: it is a folder"},
      {"unix:" + longest + "x", quote("unix:" + longest + "x") +
                                    " is no Unix socket: the path has " + std::to_string(most + 1) +
                                    " bytes, and this system takes " + std::to_string(most) +
                                    " at most; choose a shorter one"},
      {"/run/x.sock",
       "\"/run/x.sock\" is not HOST:PORT: the port is missing, as in localhost:8000. Did you mean "
       "\"unix:/run/x.sock\"?"},
      {"./x.sock",
       "\"./x.sock\" is not HOST:PORT: the port is missing, as in localhost:8000. Write a Unix "
       "socket with its whole path, as in \"unix:/run/x.sock\""}};
  for (const Mistake& row : rows) {
    expect_message({"[proxy.P]\nupstream = 'a:1'\nlisten = '" + row.text + "'",
                    "3:10: proxy.P.listen: " + row.message});
    expect_message({"[proxy.P]\nlisten = 1\nupstream = '" + row.text + "'",
                    "3:12: proxy.P.upstream: " + row.message});
  }
  expect_message({"[proxy.P]\nlisten = 1\nupstream = 'a:1'\nsocket_mode = '0999'",
                  "4:15: proxy.P.socket_mode: expected permissions in octal digits such as "
                  "\"0660\", got \"0999\""});
  expect_message({"[http]\ntrusted_proxies = ['unix']",
                  "2:20: http.trusted_proxies: expected an array of networks such as "
                  "[\"10.0.0.0/8\"], got \"unix\""});
}

TEST(UnixPlaces, ClashAndMakeLoopsAsOthersDo) {
  const std::vector<proxy::Settings> ring{
      {.name = "a", .listen = {{"", 1}, place("/a")}, .upstream = place("/b")},
      {.name = "b", .listen = {place("/b")}, .upstream = place("/a")}};
  EXPECT_EQ(who_listens_at(place("/b"), ring), "the proxy \"b\" already listens on unix:/b");
  EXPECT_EQ(who_listens_at(place("/c"), ring), "");
  EXPECT_EQ(loop_closed_by_last(ring), "the connections would come back: \"b\" to \"a\" to \"b\"");
  EXPECT_EQ(clash_within({.listen = {place("/a"), place("/a")}}), "it already listens on unix:/a");
}

}  // namespace
}  // namespace throttle::config
