// The messages to systemd, byte for byte.
#include "libthrottle/app/notify_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::app {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

TEST(NotifyMessage, IsLinesOfKeysAndValues) {
  EXPECT_EQ(notify::status("listening on 127.0.0.1:8000"), "STATUS=listening on 127.0.0.1:8000\n");
  EXPECT_EQ(notify::ready("ok"), "READY=1\nSTATUS=ok\n");
  EXPECT_EQ(notify::stopping(), "STOPPING=1\n");
  EXPECT_EQ(notify::extend_timeout(5s), "EXTEND_TIMEOUT_USEC=5000000\n");
  EXPECT_EQ(notify::failed(98, "in use"), "ERRNO=98\nSTATUS=in use\n");
  EXPECT_EQ(notify::watchdog(), "WATCHDOG=1\n");
}

TEST(NotifyMessage, SaysThatItReloadsAndSinceWhenInOneMessage) {
  EXPECT_EQ(notify::reloading(123456us), "RELOADING=1\nMONOTONIC_USEC=123456\n");
}

TEST(NotifyMessage, AStatusCannotForgeAnotherLine) {
  EXPECT_EQ(notify::status("a\nREADY=1"), "STATUS=a READY=1\n");
}

TEST(NotifyMessage, OfTwoThatBecomeOneTheNewestValueOfAKeyCounts) {
  EXPECT_EQ(notify::merged("READY=1\nSTATUS=a\n", "STATUS=b\n"), "READY=1\nSTATUS=b\n");
  EXPECT_EQ(notify::merged("STATUS=a\n", "WATCHDOG=1\nSTATUS=b\n"), "WATCHDOG=1\nSTATUS=b\n");
  EXPECT_EQ(notify::merged("", "WATCHDOG=1\n"), "WATCHDOG=1\n");
}

TEST(NotifySocket, IsAPathOrAnAbstractName) {
  EXPECT_EQ(parse_notify_socket("/run/systemd/notify").value(),
            (NotifyAddress{"/run/systemd/notify", false}));
  EXPECT_EQ(parse_notify_socket("@abc").value(), (NotifyAddress{"abc", true}));
  EXPECT_EQ(parse_notify_socket("vsock:2:1234").value(), std::nullopt);
  for (const std::string& wrong : {std::string("relative"), std::string(""), std::string("@"),
                                   std::string("/"), "/" + std::string(107, 'a')})
    EXPECT_FALSE(parse_notify_socket(wrong)) << wrong;
  EXPECT_TRUE(parse_notify_socket("/" + std::string(106, 'a')));
}

TEST(Watchdog, IsFedAtHalfItsTimeIfItIsOurs) {
  EXPECT_EQ(watchdog_interval("30000000", nullptr, 7), 15s);
  EXPECT_EQ(watchdog_interval("30000000", "7", 7), 15s);
  EXPECT_EQ(watchdog_interval("30000000", "8", 7), std::nullopt);
  EXPECT_EQ(watchdog_interval(nullptr, "7", 7), std::nullopt);
  for (const char* wrong : {"", "0", "-1", "x", "1s"})
    EXPECT_EQ(watchdog_interval(wrong, nullptr, 7), std::nullopt) << wrong;
  EXPECT_GT(watchdog_interval("9223372036854775807", nullptr, 7), 1h);
}

TEST(Status, SaysWhoHoldsAndWhoWaits) {
  EXPECT_EQ(activity_text({.holding = 12, .waiting = 3, .longest_wait = 4900ms}),
            "12 hold, 3 wait (4s)");
  EXPECT_EQ(activity_text({}), "0 hold, 0 wait");
  EXPECT_EQ(activity_text({.holding = 3, .waiting = 5, .longest_wait = 9s, .paused = true}),
            "paused, 3 hold, 5 wait");
}

TEST(Status, SaysWhereItServes) {
  EXPECT_EQ(ready_text({.http = "127.0.0.1:8000", .semaphores = 3, .proxies = {"x"}}),
            "127.0.0.1:8000, 3 semaphores, 1 proxy");
  EXPECT_EQ(ready_text({.http = "[::1]:80", .semaphores = 1, .proxies = {}}),
            "[::1]:80, 1 semaphore");
  EXPECT_EQ(ready_text({.http = {}, .proxies = {"127.0.0.1:9000", "127.0.0.1:9001"}}),
            "2 proxies, 127.0.0.1:9000, 127.0.0.1:9001");
}

TEST(StatusPace, LetsAChangeThroughEveryTenSeconds) {
  StatusPace pace;
  EXPECT_EQ(pace.next(kStart, {.holding = 1}), "1 hold, 0 wait");
  EXPECT_EQ(pace.next(kStart + 9s, {.holding = 2}), std::nullopt);
  EXPECT_EQ(pace.next(kStart + 10s, {.holding = 2}), "2 hold, 0 wait");
  EXPECT_EQ(pace.next(kStart + 60s, {.holding = 2}), std::nullopt);
}

TEST(StatusPace, AWaitThatMerelyGrewIsNoChange) {
  StatusPace pace;
  EXPECT_TRUE(pace.next(kStart, {.waiting = 1, .longest_wait = 1s}));
  EXPECT_FALSE(pace.next(kStart + 20s, {.waiting = 1, .longest_wait = 21s}));
  EXPECT_TRUE(pace.next(kStart + 21s, {.waiting = 1, .paused = true}));
}

}  // namespace
}  // namespace throttle::app
