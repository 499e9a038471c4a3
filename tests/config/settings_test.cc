// What several settings say together.
#include "libthrottle/config/settings.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::config {
namespace {

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

}  // namespace
}  // namespace throttle::config
