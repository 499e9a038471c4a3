// The table [journal] of the configuration file.
#include <chrono>
#include <string_view>

#include <gtest/gtest.h>

#include "libthrottle/config/settings_file.h"
#include "tests/config/mistake.h"

namespace throttle::config {
namespace {

ServerSettings settings_of(std::string_view text) {
  auto loaded = parse_settings(text, "t.toml");
  EXPECT_TRUE(loaded.has_value()) << text << '\n' << (loaded ? "" : loaded.error().message);
  return loaded ? loaded->settings : ServerSettings();
}

TEST(JournalTable, IsRead) {
  EXPECT_EQ(settings_of("").journal.path, "");
  journal::Settings wanted;
  wanted.path = "a.db";
  EXPECT_EQ(settings_of("[journal]\npath = 'a.db'").journal, wanted);
  wanted.name = "n";
  wanted.commit_every = std::chrono::milliseconds(200);
  wanted.durability = journal::Durability::kProcess;
  wanted.when_behind = journal::WhenBehind::kPause;
  wanted.max_queued = 4096;
  wanted.keep = std::chrono::hours(24);
  wanted.max_bytes = 2'000'000;
  wanted.free_bytes = 0;
  wanted.clients = journal::Clients::kNetwork;
  wanted.labels = false;
  wanted.connections = false;
  EXPECT_EQ(settings_of("[journal]\npath = 'a.db'\nname = 'n'\ncommit_every = '200ms'\n"
                        "durability = 'process'\nwhen_behind = 'pause'\nmax_queued = 4096\n"
                        "keep = '1 day'\nmax_bytes = 2000000\nfree_bytes = 0\n"
                        "clients = 'network'\nlabels = false\nconnections = false")
                .journal,
            wanted);
}

TEST(JournalTable, SaysWhatIsWrongWithIt) {
  const Mistake rows[] = {
      {"[journal]", "1:1: journal.path: missing; expected the path of a file"},
      {"[journal]\npath = 'a'\nclients = 'some'",
       "3:11: journal.clients: expected \"full\", \"network\" or \"none\", got \"some\""},
      {"[journal]\npath = 'a'\nwhen_behind = 'wait'",
       "3:15: journal.when_behind: expected \"gap\" or \"pause\", got \"wait\""},
      {"[journal]\npath = 'a'\ndurability = 'all'",
       "3:14: journal.durability: expected \"process\" or \"power\", got \"all\""},
      {"[journal]\npath = 'a'\nmax_bytes = 5",
       "3:13: journal.max_bytes: expected an integer from 1048576 to 1125899906842624, got the "
       "integer 5"},
  };
  for (const Mistake& row : rows)
    expect_message(row);
}

}  // namespace
}  // namespace throttle::config
