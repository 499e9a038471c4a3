// The table [events] of the configuration file.
#include <chrono>
#include <string_view>

#include <gtest/gtest.h>

#include "libthrottle/config/settings_file.h"
#include "tests/config/mistake.h"

namespace throttle::config {
namespace {

using namespace std::chrono_literals;

pages::EventSettings events_of(std::string_view text) {
  auto loaded = parse_settings(text, "t.toml");
  EXPECT_TRUE(loaded.has_value()) << text << '\n' << (loaded ? "" : loaded.error().message);
  return loaded ? loaded->settings.events : pages::EventSettings();
}

TEST(EventsTable, IsRead) {
  EXPECT_EQ(events_of(""), pages::EventSettings());
  const pages::EventSettings expected{
      .max_streams = 3, .backlog = 5, .buffer_bytes = 2048, .keep_alive = 7s};
  EXPECT_EQ(events_of("[events]\nmax_streams = 3\nbacklog = 5\nbuffer_bytes = 2048\n"
                      "keep_alive = '7s'"),
            expected);
}

TEST(EventsTable, SaysWhatIsWrongWithIt) {
  expect_message({"[events]\nbacklog = 0",
                  "2:11: events.backlog: expected an integer from 1 to 4194304, got the integer "
                  "0"});
}

}  // namespace
}  // namespace throttle::config
