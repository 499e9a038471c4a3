// The configuration file: which forms are read, and every mistake with its exact words.
#include "libthrottle/config/settings_file.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/mistake.h"

using namespace std::chrono_literals;

namespace throttle::config {
namespace {

using testing::ElementsAre;

constexpr std::string_view kNoSemaphores =
    "t.toml: no semaphores are configured, so every request for one is refused";

ServerSettings settings_of(std::string_view text) {
  auto loaded = parse_settings(text, "t.toml");
  EXPECT_TRUE(loaded.has_value()) << text << '\n' << (loaded ? "" : loaded.error().message);
  return loaded ? loaded->settings : ServerSettings();
}

SemaphoreSettings semaphore(std::string name, Count full_count, std::int32_t level = 0) {
  return {.name = std::move(name), .full_count = full_count, .level = level};
}

struct Semaphores {
  std::string_view text;
  std::vector<SemaphoreSettings> expected;
};

TEST(SettingsFile, ReadsSemaphoresOfBothGenerationsInEveryForm) {
  constexpr Count kMost = std::numeric_limits<Count>::max();
  const Semaphores rows[] = {
      {"", {}},
      {"[semaphores]", {}},
      {"[semaphores]\nA = 1", {semaphore("A", 1)}},
      {"[semaphores]\r\nA = 1\r\nB = 2\r\n", {semaphore("A", 1), semaphore("B", 2)}},
      {"\xEF\xBB\xBF[semaphores]\nA=1", {semaphore("A", 1)}},
      {"semaphores = { A = 1 }", {semaphore("A", 1)}},
      {"semaphores.A = 1", {semaphore("A", 1)}},
      {"[semaphores]\nA = { max = 42, level = 0 }", {semaphore("A", 42)}},
      {"[semaphores]\nA = { max = 1, level = -3 }", {semaphore("A", 1, -3)}},
      {"[semaphores]\nA.max = 1\nA.level = 2", {semaphore("A", 1, 2)}},
      {"[semaphores.A]\nmax = 1", {semaphore("A", 1)}},
      {"    [semaphores.A]\n    max = 1\n    level = 1\n\n    [semaphores.B]\n    max = 1",
       {semaphore("A", 1, 1), semaphore("B", 1)}},
      {"[semaphores]\n\"/&\" = 1", {semaphore("/&", 1)}},
      {"[semaphores.'a b.c']\nmax = 1", {semaphore("a b.c", 1)}},
      {"[semaphores]\n\"\" = 1", {semaphore("", 1)}},
      {"[semaphores]\n\"b\\u00FCro\" = 1", {semaphore("b\u00FCro", 1)}},
      {"[semaphores]\nA = 1_000 # a comment", {semaphore("A", 1000)}},
      {"[semaphores]\nA = 0x1F\nB = 0o17\nC = 0b101\nD = +7",
       {semaphore("A", 31), semaphore("B", 15), semaphore("C", 5), semaphore("D", 7)}},
      {"[semaphores]\nA = 0\nB = -1", {semaphore("A", 0), semaphore("B", -1)}},
      {"[semaphores]\nA = 9223372036854775807", {semaphore("A", kMost)}},
      {"[semaphores]\nA = { max = 1, level = 2147483647 }\nB = { max = 1, level = -2147483648 }",
       {semaphore("A", 1, 2147483647), semaphore("B", 1, std::numeric_limits<int>::min())}},
      {"[semaphores]\nA = { max = 1, order = \"lifo\", max_pending = 0 }",
       {{"A", 1, 0, QueueOrder::kLifo, 0}}},
      {"[semaphores]\nA = { max = 1, order = \"fifo\", max_pending = 7 }",
       {{"A", 1, 0, QueueOrder::kFifo, 7}}},
      {"[semaphores]\nA = { max = 1, order = \"fair\" }", {{"A", 1, 0, QueueOrder::kFair}}},
      {"[semaphores]\nb = 1\na = 2", {semaphore("a", 2), semaphore("b", 1)}},
  };
  for (const Semaphores& row : rows) {
    EXPECT_EQ(settings_of(row.text).semaphores, row.expected) << row.text;
  }
}

TEST(SettingsFile, ReadsAnEmptyFileAsTheDefaults) {
  for (const std::string_view text :
       {"", "\n", "# nothing", "[semaphores]", "[logging]", "[http]",
        "litter_collection_interval = \"5 minutes\"", "litter_collection_interval = 5"}) {
    EXPECT_EQ(settings_of(text), ServerSettings()) << text;
  }
}

TEST(SettingsFile, ReadsTheSettingsOfTheHttpDoor) {
  HttpSettings expected;
  expected.listen = {"::", 0};
  expected.max_connections = 1;
  expected.max_header_bytes = 1024;
  expected.max_body_bytes = 0;
  expected.header_timeout = 1ms;
  expected.body_timeout = 2min;
  expected.idle_timeout = kForever;
  expected.write_timeout = 1500ms;
  const auto settings = settings_of(R"([http]
listen = "[::]:0"
max_connections = 1
max_header_bytes = 1_024
max_body_bytes = 0
header_timeout = "1ms"
body_timeout = "2min"
idle_timeout = "300 years"
write_timeout = "1.5s")");
  EXPECT_EQ(settings.http, expected);
}

TEST(SettingsFile, ReadsTheTimesAtItsTop) {
  const auto settings = settings_of("startup_grace = \"6 min\"\ndrain_timeout = \"0\"");
  EXPECT_EQ(settings.startup_grace, 6min);
  EXPECT_EQ(settings.drain_timeout, 0s);
}

TEST(SettingsFile, ReadsTheLog) {
  const auto settings = settings_of(R"(
[logging.stderr]
level = "Off"
format = "json"
[logging.gelf]
name = "throttle"
host = "[::1]"
port = 12201
level = "DEBUG")");
  EXPECT_EQ(settings.logging.terminal, (StderrSettings{"off", LogFormat::kJson}));
  EXPECT_EQ(settings.logging.gelf, (GelfSettings{"throttle", "::1", 12201, "debug"}));
  const auto packed = settings_of(
      "[logging.gelf]\nname='a'\nhost='b'\nport=1\nlevel='warn'\ncompression='none'\n"
      "datagram_bytes=8192");
  EXPECT_EQ(packed.logging.gelf, (GelfSettings{"a", "b", 1, "warn", GelfCompression::kNone, 8192}));
}

TEST(SettingsFile, SaysWhatIsWrongWithASemaphore) {
  const Mistake rows[] = {
      {"semaphores = 3", "1:14: semaphores: expected a table, got the integer 3"},
      {"[[semaphores]]\nA = 1", "1:1: semaphores: expected a table, got an array"},
      {"[semaphores]\nA = \"3\"",
       R"(2:5: semaphores.A: expected an integer or a table with the key max, got the string "3")"},
      {"[semaphores]\nA = 1.0",
       "2:5: semaphores.A: expected an integer or a table with the key max, got a floating-point "
       "number"},
      {"[semaphores]\n\"/&\" = true",
       R"(2:8: semaphores."/&": expected an integer or a table with the key max, got a boolean)"},
      {"[semaphores]\n\"b\u00FCro\" = []",
       "2:10: semaphores.\"b\u00FCro\": expected an integer or a table with the key max, got an "
       "array"},
      {"[semaphores]\nA = 2026-07-06",
       "2:5: semaphores.A: expected an integer or a table with the key max, got a date or time"},
      {"[semaphores.A]\nlevel = 1", "1:1: semaphores.A.max: missing; expected an integer"},
      {"[semaphores]\nA = {}", "2:5: semaphores.A.max: missing; expected an integer"},
      {"[semaphores.A]\nmax = \"3\"",
       R"(2:7: semaphores.A.max: expected an integer, got the string "3")"},
      {"[semaphores.A]\nmax = inf",
       "2:7: semaphores.A.max: expected an integer, got a floating-point number"},
      {"[semaphores]\nA = { max = {} }",
       "2:13: semaphores.A.max: expected an integer, got a table"},
      {"[semaphores]\nA = 9223372036854775808",
       "2:24: not valid TOML: decimal integer: '9223372036854775808' is not representable in 64 "
       "bits"},
      {"[semaphores]\nA = { max = 1, level = 2147483648 }",
       "2:24: semaphores.A.level: expected an integer from -2147483648 to 2147483647, got the "
       "integer 2147483648"},
      {"[semaphores]\nA = { max = 1, level = \"high\" }",
       "2:24: semaphores.A.level: expected an integer from -2147483648 to 2147483647, got the "
       "string \"high\""},
      {"[semaphores]\nA = { max = 1, order = \"fiar\" }",
       R"(2:24: semaphores.A.order: expected "fifo", "lifo" or "fair", got "fiar")"},
      {"[semaphores]\nA = { max = 1, order = 1 }",
       R"(2:24: semaphores.A.order: expected "fifo", "lifo" or "fair", got the integer 1)"},
      {"[semaphores]\nA = { max = 1, max_pending = -1 }",
       "2:30: semaphores.A.max_pending: expected an integer from 0 on, got the integer -1"},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
}

TEST(SettingsFile, SaysWhatIsWrongWithTheHttpDoor) {
  const Mistake rows[] = {
      {"http = 1", "1:8: http: expected a table, got the integer 1"},
      {"[http]\nlisten = 80",
       R"(2:10: http.listen: expected an address such as "127.0.0.1:8000", got the integer 80)"},
      {"[http]\nlisten = \"localhost\"",
       R"(2:10: http.listen: "localhost" is not HOST:PORT: the port is missing, as in )"
       "localhost:8000"},
      {"[http]\nmax_connections = 0",
       "2:19: http.max_connections: expected an integer from 1 to 1000000, got the integer 0"},
      {"[http]\nmax_header_bytes = 1023",
       "2:20: http.max_header_bytes: expected an integer from 1024 to 16777216, got the integer "
       "1023"},
      {"[http]\nmax_body_bytes = \"2MiB\"",
       "2:18: http.max_body_bytes: expected an integer from 0 to 1073741824, got the string "
       "\"2MiB\""},
      {"[http]\nheader_timeout = 10",
       R"(2:18: http.header_timeout: expected a duration above zero such as "30s", got the )"
       "integer 10"},
      {"[http]\nidle_timeout = \"0s\"",
       R"(2:16: http.idle_timeout: expected a duration above zero such as "30s", got "0s")"},
      {"[http]\nwrite_timeout = \"10\"",
       R"(2:17: http.write_timeout: "10" is not a duration: expected a unit at character 3, found )"
       "the end (units: ns, us, ms, s, min, h, days, weeks, months, years)"},
      {"startup_grace = 30",
       R"(1:17: startup_grace: expected a duration such as "30s", got the integer 30)"},
      {"drain_timeout = \"-1s\"",
       R"(1:17: drain_timeout: "-1s" is not a duration: expected a digit at character 1, found )"
       "\"-\""},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
}

TEST(SettingsFile, SaysWhatIsWrongWithTheLog) {
  const Mistake rows[] = {
      {"logging = \"info\"", R"(1:11: logging: expected a table, got the string "info")"},
      {"[logging]\nstderr = \"info\"",
       R"(2:10: logging.stderr: expected a table, got the string "info")"},
      {"[logging.stderr]",
       R"(1:1: logging.stderr.level: missing; expected "off", "error", "warn", "info", "debug" )"
       "or \"trace\""},
      {"[logging.stderr]\nlevel = \"verbose\"",
       R"(2:9: logging.stderr.level: expected "off", "error", "warn", "info", "debug" or "trace", )"
       "got \"verbose\""},
      {"[logging.stderr]\nlevel = \"info\"\nformat = \"xml\"",
       R"(3:10: logging.stderr.format: expected "text" or "json", got "xml")"},
      {"[logging.gelf]\nname = 'a'\nhost = 'b'\nlevel = 'info'",
       "1:1: logging.gelf.port: missing; expected an integer"},
      {"[logging.gelf]\nname = 'a'\nhost = 'b'\nlevel = 'info'\nport = 65536",
       "5:8: logging.gelf.port: expected an integer from 1 to 65535, got the integer 65536"},
      {"[logging.gelf]\nname = 'a'\nhost = 5\nlevel = 'info'\nport = 1",
       R"(3:8: logging.gelf.host: expected a host such as "log.example.org", got the integer 5)"},
      {"[logging.gelf]\nname = 1\nhost = 'b'\nlevel = 'info'\nport = 1",
       "2:8: logging.gelf.name: expected a string, got the integer 1"},
      {"[logging.gelf]\nname = 'a'\nhost = 'b'\nlevel = 'info'\nport = 1\ncompression = 'zip'",
       R"(6:15: logging.gelf.compression: expected "none", "gzip" or "zlib", got "zip")"},
      {"[logging.gelf]\nname = 'a'\nhost = 'b'\nlevel = 'info'\nport = 1\ndatagram_bytes = 100",
       "6:18: logging.gelf.datagram_bytes: expected an integer from 512 to 65507, got the integer "
       "100"},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
}

TEST(SettingsFile, SaysWhereItIsNotToml) {
  const Mistake rows[] = {
      {"a b = 1", "1:3: not valid TOML: key-value pair: expected '=', saw 'b'"},
      {"[semaphores]\nA = 1\nA = 2",
       "3:5: not valid TOML: key-value pair: cannot redefine existing integer 'A'"},
      {"[semaphores]\nA = tru", "2:8: not valid TOML: boolean: encountered end-of-file"},
      {"[semaphores", "1:12: not valid TOML: table header: encountered end-of-file"},
      {"[[[a]]]",
       "1:3: not valid TOML: key: expected bare key starting character or string delimiter, saw "
       "'['"},
      {"[\x0F]",
       "1:2: not valid TOML: key: expected bare key starting character or string "
       "delimiter, saw '\\u000F'"},
      {"[semaphores]\nb\u00FCro = 1",
       "2:2: not valid TOML: \"\u00FC\" may only stand in quotes or in a comment"},
      {"a\u00A0= 1", "1:2: not valid TOML: \"\u00A0\" may only stand in quotes or in a comment"},
      {"# \xFF", "1:3: not valid UTF-8"},
      {"a = \"\u00FC\xFF\"", "1:7: not valid UTF-8"},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
}

TEST(SettingsFile, TakesAnyCharacterInStringsAndComments) {
  const std::string_view rows[] = {"# \u00FC",
                                   "'\u00FC' = 1",
                                   "\"\\\"\u00FC\" = 1",
                                   "a = '\\' # \u00FC",
                                   "a = '\"\u00FC' # \u00FC",
                                   "a = \"'\u00FC\" # \u00FC",
                                   "a = \"\" # \u00FC",
                                   "a = '''\u00FC\n'\u00FC''\u00FC''''' # \u00FC",
                                   "a = \"\"\"\u00FC\n\\\"\"\"\u00FC\"\u00FC\"\"\"\" # \u00FC",
                                   "a = \"\"\"\"\"\" # \u00FC"};
  for (const std::string_view text : rows) {
    EXPECT_EQ(settings_of(text), ServerSettings()) << text;
  }
}

TEST(SettingsFile, RefusesWhatTheTomlLibraryCannotTake) {
  const Mistake rows[] = {
      {"1=\"\u00FC\"", "1:4: \"\u00FC\" may not stand so close behind a number"},
      {"a = \"\"\"\\\n \u00FC\"\"\"",
       "2:2: \"\u00FC\" may not stand first after a line that ends in a backslash"},
      {"a = \"\"\"\\\n \\t \u00FC\"\"\"",
       "2:5: \"\u00FC\" may not stand first after a line that ends in a backslash"},
      {"a = \"\"\"\\\u00FC\"\"\"", "1:9: not valid TOML: unknown escape sequence"},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
  EXPECT_EQ(
      settings_of("1 = \"\u00FC\"\n2=1 # \u00FC\na=[-1,'\u00FC']\nb=\"\"\"\\\n a\u00FC\"\"\""),
      ServerSettings());
}

TEST(SettingsFile, RefusesLinesAndLevelsThatNobodyWrites) {
  expect_message({"\na = " + std::string(2045, '1'),
                  "2:2049: more than 2048 bytes outside of strings in one line"});
  EXPECT_EQ(settings_of("a = '" + std::string(4000, 'a') + "' # " + std::string(4000, 'a')),
            ServerSettings());
  std::string deep = "a = ";
  for (int i = 0; i < 100; ++i) {
    deep += "[\n";
  }
  EXPECT_FALSE(parse_settings(deep, "t.toml").has_value());
}

TEST(SettingsFile, SurvivesTheDeepestTextThatItTakes) {
  std::string dotted;
  for (int i = 0; i < 1020; ++i) {
    dotted += "a.";
  }
  std::string text;
  for (int i = 0; i < 7; ++i) {
    text += dotted + "a = [ {\n";
  }
  EXPECT_FALSE(parse_settings(text, "t.toml").has_value());
  text = '[' + dotted + "a]\n" + dotted + "a = 1\n";
  EXPECT_EQ(settings_of(text), ServerSettings());
}

TEST(SettingsFile, TellsAllMistakesAtOnceInTheirOrder) {
  expect_message(
      {"startup_grace = 3\n"
       "[semaphores]\n"
       "B = { max = 1, levl = 2 }\n"
       "A = false\n"
       "C = {}\n"
       "[logging.gelf]\n"
       "[http]\n"
       "listen = 1",
       "1:17: startup_grace: expected a duration such as \"30s\", got the integer 3\n"
       "t.toml:3:16: warning: semaphores.B.levl: unknown key; did you mean level?\n"
       "t.toml:4:5: semaphores.A: expected an integer or a table with the key max, got "
       "a boolean\n"
       "t.toml:5:5: semaphores.C.max: missing; expected an integer\n"
       "t.toml:6:1: logging.gelf.name: missing; expected a string\n"
       "t.toml:6:1: logging.gelf.host: missing; expected a host such as "
       "\"log.example.org\"\n"
       "t.toml:6:1: logging.gelf.port: missing; expected an integer\n"
       "t.toml:6:1: logging.gelf.level: missing; expected \"off\", \"error\", \"warn\", "
       "\"info\", \"debug\" or \"trace\"\n"
       "t.toml:8:10: http.listen: expected an address such as \"127.0.0.1:8000\", got "
       "the integer 1"});
}

struct Warns {
  std::string_view text;
  std::vector<std::string> warnings;
};

TEST(SettingsFile, WarnsOfKeysThatItDoesNotKnow) {
  const Warns rows[] = {
      {"semaphores.A = 1", {}},
      {"semaphores.A = 1\ncolour = 1", {"t.toml:2:1: colour: unknown key"}},
      {"semaphore.A = 1\n[semaphores]\nA = 1",
       {"t.toml:1:1: semaphore: unknown key; did you mean semaphores?"}},
      {"semaphores.A = 1\n[http]\nmax_conections = 1\n\"idle timeout\" = \"5s\"",
       {"t.toml:3:1: http.max_conections: unknown key; did you mean max_connections?",
        "t.toml:4:1: http.\"idle timeout\": unknown key; did you mean idle_timeout?"}},
      {"semaphores.A = { max = 1, limit = 2 }", {"t.toml:1:27: semaphores.A.limit: unknown key"}},
      {"semaphores.A = 1\n[logging.syslog]\nlevel = \"info\"",
       {"t.toml:2:10: logging.syslog: unknown key"}},
      {"semaphores.A = 1\n[logging.stderr]\nlevel = \"info\"\nFormat = 1",
       {"t.toml:4:1: logging.stderr.Format: unknown key; did you mean format?"}},
  };
  for (const Warns& row : rows) {
    const auto loaded = parse_settings(row.text, "t.toml");
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(loaded->warnings, row.warnings) << row.text;
    EXPECT_EQ(loaded->settings.semaphores.size(), 1u);
  }
}

TEST(SettingsFile, WarnsWhereThereAreNoSemaphores) {
  const auto loaded = parse_settings("[semaphores]", "t.toml");
  ASSERT_TRUE(loaded.has_value());
  EXPECT_THAT(loaded->warnings, ElementsAre(kNoSemaphores));
}

// A folder for each test, where it runs; gone after it.
class SettingsOnDisk : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path =
        folder / std::filesystem::path(std::u8string(name.begin(), name.end()));
    std::ofstream(path, std::ios::binary) << text;
    const std::u8string utf8 = path.u8string();
    return {utf8.begin(), utf8.end()};
  }

  std::filesystem::path folder = std::string("SettingsOnDisk.") +
                                 testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(SettingsOnDisk, AreReadAndNamedInMessages) {
  const std::string good = write("b\u00FCro.toml", "[semaphores]\r\nA = 3\r\n");
  const auto loaded = load_settings_file(good);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->file, FileState::kRead);
  EXPECT_THAT(loaded->settings.semaphores, ElementsAre(semaphore("A", 3)));

  const std::string bad = write("bad.toml", "semaphores = 3");
  EXPECT_EQ(load_settings_file(bad).error().message,
            bad + ":1:14: semaphores: expected a table, got the integer 3");
}

TEST_F(SettingsOnDisk, AreTheDefaultsWhereTheFileIsMissing) {
  const auto loaded = load_settings_file("no-such-folder/throttle.toml");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->file, FileState::kMissing);
  EXPECT_EQ(loaded->settings, ServerSettings());
  EXPECT_THAT(loaded->warnings,
              ElementsAre("no-such-folder/throttle.toml: no such file; no semaphores are "
                          "configured, so every request for one is refused"));
}

TEST_F(SettingsOnDisk, CannotBeReadFromADirectory) {
  const std::string path = folder.string();
  const auto loaded = load_settings_file(path);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(loaded.error().message, path + ": cannot be read: it is a directory");
}

TEST_F(SettingsOnDisk, HaveAtMostAMebibyte) {
  std::string text(1024 * 1024, '\n');
  EXPECT_TRUE(load_settings_file(write("full.toml", text)).has_value());
  const std::string path = write("large.toml", text + '\n');
  const auto loaded = load_settings_file(path);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(loaded.error().message, path + ": cannot be read: it has more than a mebibyte");
}

}  // namespace
}  // namespace throttle::config
