// What several settings say together.
#include "libthrottle/config/settings.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/config/reload.h"

namespace throttle::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

proxy::Settings proxy_called(std::string name, std::string semaphore = "") {
  proxy::Settings proxy;
  proxy.name = std::move(name);
  proxy.semaphore = std::move(semaphore);
  return proxy;
}

TEST(SemaphoresInForce, AreThoseConfiguredAndThoseThatProxiesBring) {
  ServerSettings settings;
  EXPECT_THAT(semaphores_in_force(settings), IsEmpty());
  settings.semaphores = {{"B", 7, 3, QueueOrder::kLifo, 5}};
  settings.proxies = {proxy_called("A"), proxy_called("Z", "B")};
  settings.proxies.front().max_connections = 0;
  settings.proxies.front().queue_order = QueueOrder::kFair;
  settings.proxies.front().max_queue = 9;
  EXPECT_THAT(semaphores_in_force(settings),
              ElementsAre(SemaphoreSettings{"B", 7, 3, QueueOrder::kLifo, 5},
                          SemaphoreSettings{"A", 0, 0, QueueOrder::kFair, 9}));
}

ServerSettings settings_with(std::vector<SemaphoreSettings> semaphores,
                             std::vector<proxy::Settings> proxies) {
  ServerSettings settings;
  settings.semaphores = std::move(semaphores);
  settings.proxies = std::move(proxies);
  return settings;
}

MATCHER_P3(IsKept, proxy, kept, wanted, "") {
  return arg.proxy == proxy && arg.kept == kept && arg.wanted == wanted;
}

TEST(KeepSemaphores, ChangesNothingWhereProxiesStayWithTheirs) {
  const ServerSettings present = settings_with(
      {{"A", 1}}, {proxy_called("gone", "A"), proxy_called("own"), proxy_called("shares", "A")});
  const ServerSettings file =
      settings_with({{"A", 7}, {"B", 1}},
                    {proxy_called("new", "B"), proxy_called("own"), proxy_called("shares", "A")});
  ServerSettings wanted = file;
  EXPECT_THAT(keep_semaphores(wanted, present), IsEmpty());
  EXPECT_EQ(wanted, file);
}

TEST(SemaphoresInForce, HaveTheExtraPlacesOfEachClient) {
  ServerSettings settings =
      settings_with({{"A", 7}}, {proxy_called("office"), proxy_called("shares", "A")});
  settings.proxies[0].max_connections = 3;
  settings.proxies[0].extra_per_client = 2;
  settings.proxies[1].extra_per_client = 1;
  EXPECT_THAT(semaphores_in_force(settings),
              Contains(SemaphoreSettings{.name = "office/extra", .full_count = 6}));
  EXPECT_THAT(semaphores_in_force(settings),
              Contains(SemaphoreSettings{.name = "shares/extra", .full_count = 7}));
  EXPECT_EQ(semaphores_in_force(settings).size(), 4U);
}

TEST(KeepSemaphores, LetsARunningProxyStayWithItsSemaphoreByTheNewLimits) {
  const ServerSettings present = settings_with({{"A", 1}, {"B", 1}}, {proxy_called("office", "A")});
  ServerSettings wanted = settings_with({{"A", 7}, {"B", 2}}, {proxy_called("office", "B")});
  wanted.proxies.front().max_queue = 5;
  EXPECT_THAT(keep_semaphores(wanted, present), ElementsAre(IsKept("office", "A", "B")));
  EXPECT_EQ(wanted.proxies.front().semaphore, "A");
  EXPECT_EQ(wanted.proxies.front().max_queue, 5U) << "all else is as the file says";
  EXPECT_THAT(semaphores_in_force(wanted),
              ElementsAre(SemaphoreSettings{"A", 7}, SemaphoreSettings{"B", 2}));
}

TEST(KeepSemaphores, KeepsOnceWhatTheFileHasNoLonger) {
  const SemaphoreSettings fair{"A", 3, 2, QueueOrder::kFair, 9};
  const ServerSettings present =
      settings_with({fair}, {proxy_called("one", "A"), proxy_called("other", "A")});
  ServerSettings wanted =
      settings_with({{"B", 1}}, {proxy_called("one", "B"), proxy_called("other", "B")});
  EXPECT_THAT(keep_semaphores(wanted, present),
              ElementsAre(IsKept("one", "A", "B"), IsKept("other", "A", "B")));
  EXPECT_THAT(semaphores_in_force(wanted), ElementsAre(SemaphoreSettings{"B", 1}, fair));
}

TEST(KeepSemaphores, OneOfItsOwnIsKeptWithItsLimitsAndComesBack) {
  ServerSettings present = settings_with({}, {proxy_called("office")});
  present.proxies.front().max_connections = 4;
  ServerSettings shared = settings_with({{"B", 1}}, {proxy_called("office", "B")});
  EXPECT_THAT(keep_semaphores(shared, present), ElementsAre(IsKept("office", "office", "B")));
  EXPECT_EQ(semaphores_in_force(shared).back().name, "office");
  EXPECT_EQ(semaphores_in_force(shared).back().full_count, 4);

  ServerSettings own = settings_with({}, {proxy_called("office")});
  own.proxies.front().max_connections = 5;
  const ServerSettings file = own;
  EXPECT_THAT(keep_semaphores(own, shared), IsEmpty());
  EXPECT_EQ(own, file);
}

TEST(KeepSemaphores, ASharedOneIsKeptByAProxyThatIsToHaveItsOwn) {
  const ServerSettings present =
      settings_with({{"A", 2}}, {proxy_called("office", "A"), proxy_called("other")});
  ServerSettings wanted = settings_with({}, {proxy_called("A"), proxy_called("office")});
  EXPECT_THAT(keep_semaphores(wanted, present), ElementsAre(IsKept("office", "A", "office")));
  EXPECT_EQ(semaphores_in_force(wanted).size(), 1U) << "it is another proxy's own from now on";
}

}  // namespace
}  // namespace throttle::config
