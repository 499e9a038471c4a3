// An Application where the system has nothing left to give.
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "libthrottle/app/application.h"

namespace throttle::app {
namespace {

TEST(Shortage, AnApplicationWithoutDescriptorsIsAnErrorAndNotTheEndOfTheProcess) {
  Control control;
  Supervisor nobody;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  const auto application = Application::create({.compose = &compose_server,
                                                .load = [] { return config::LoadedSettings(); },
                                                .configuration = {}},
                                               control, nobody);
  setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_FALSE(application);
  EXPECT_EQ(application.error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace throttle::app
