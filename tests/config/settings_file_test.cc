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

#include "libthrottle/core/duration.h"
#include "tests/config/mistake.h"

using namespace std::chrono_literals;

namespace throttle::config {
namespace {

using testing::ElementsAre;

constexpr std::string_view kNoSemaphores =
    "t.toml: no semaphores are configured, so every request for a lease is refused";

constexpr char kUtf16[] =
    "1:1: the file is UTF-16, and a configuration is UTF-8: save it again as UTF-8";

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
  for (const std::string_view text : {"", "\n", "# nothing", "[semaphores]", "[logging]", "[http]",
                                      "litter_collection_interval = \"5 minutes\""}) {
    EXPECT_EQ(settings_of(text), ServerSettings()) << text;
  }
}

TEST(SettingsFile, NotesThatLitterIsNotCollectedAnyMore) {
  const auto loaded =
      parse_settings("litter_collection_interval = \"5min\"\nsemaphores.A = 1", "t");
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_EQ(loaded->warnings[0],
            "t:1:30: litter_collection_interval: has no effect, because leases expire exactly when "
            "their time is over; remove it");
  EXPECT_TRUE(loaded->doubts.empty());
  expect_message({"litter_collection_interval = 5",
                  "1:30: litter_collection_interval: expected a duration such as \"30s\", got the "
                  "integer 5"});
  expect_message({"litter_collection_interval = \"often\"",
                  "1:30: litter_collection_interval: " + parse_duration("often").error().message});
}

TEST(SettingsFile, DoubtsWhatCannotBeMeant) {
  const auto loaded =
      parse_settings("[semaphores]\nA = -1\nB = { max = -7 }\n'..' = 1\n'' = 1\n'...' = 1", "t");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.semaphores.size(), 5U);
  EXPECT_EQ(loaded->warnings, loaded->doubts);
  const auto checked = without_doubts(loaded);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "t:2:5: semaphores.A: a negative count, -1, closes the semaphore as 0 does; write 0 if "
            "that is intended\n"
            "t:3:5: semaphores.B: a negative count, -7, closes the semaphore as 0 does; write 0 if "
            "that is intended\n"
            "t:4:8: semaphores.\"..\": no URL can carry this name, so no client can acquire it; "
            "choose another name\n"
            "t:5:6: semaphores.\"\": no URL can carry this name, so no client can acquire it; "
            "choose another name");
  EXPECT_TRUE(without_doubts(parse_settings("[semaphores]\nA = 0", "t")));
}

TEST(SettingsFile, ReadsTheSettingsOfTheHttpDoor) {
  http::Settings expected;
  expected.listen = {"::", 0};
  expected.hosts = {"throttle.example", "::2"};
  expected.trusted_proxies = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("::1")};
  expected.accept_proxy = {*IpNetwork::parse("192.0.2.0/24")};
  expected.limits.connections = 1;
  expected.limits.head_bytes = 1024;
  expected.limits.body_bytes = 0;
  expected.limits.all_body_bytes = 99;
  expected.limits.head_time = 1ms;
  expected.limits.body_time = 2min;
  expected.limits.idle_time = kForever;
  expected.limits.write_time = 1500ms;
  expected.limits.flows = 3;
  expected.limits.flow_time = 1h;
  const auto settings = settings_of(R"([http]
listen = "[::]:0"
hosts = ["throttle.example", "[::2]"]
trusted_proxies = ["10.0.0.0/8", "::1"]
accept_proxy = ["192.0.2.0/24"]
max_connections = 1
max_header_bytes = 1_024
max_body_bytes = 0
max_all_body_bytes = 99
header_timeout = "1ms"
body_timeout = "2min"
idle_timeout = "300 years"
write_timeout = "1.5s"
max_streamed_answers = 3
stream_timeout = "1h")");
  EXPECT_EQ(settings.http, expected);
}

TEST(SettingsFile, ReadsTheBoundsAtItsTop) {
  const auto settings =
      settings_of("max_peers = 5\nmax_expires_in = \"1 day\"\nhistograms = false");
  EXPECT_EQ(settings.max_peers, 5U);
  EXPECT_EQ(settings.max_expires_in, 24h);
  EXPECT_FALSE(settings.histograms);
  expect_message({"histograms = 1", "1:14: histograms: expected true or false, got the integer 1"});
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
  EXPECT_EQ(settings.logging.terminal,
            (telemetry::TerminalSettings{telemetry::Level::kOff, LineFormat::kJson}));
  EXPECT_EQ(settings.logging.gelf,
            (telemetry::GelfSettings{"throttle", "::1", 12201, telemetry::Level::kDebug}));
  const auto packed = settings_of(
      "[logging.gelf]\nname='a'\nhost='b'\nport=1\nlevel='warn'\ncompression='none'\n"
      "datagram_bytes=8192");
  EXPECT_EQ(packed.logging.gelf, (telemetry::GelfSettings{"a", "b", 1, telemetry::Level::kWarn,
                                                          telemetry::Compression::kNone, 8192}));
}

TEST(SettingsFile, ReadsTheLogsOfAService) {
  const auto defaults =
      settings_of("[logging.file]\npath = 'a.log'\n[logging.syslog]\n[logging.eventlog]");
  EXPECT_EQ(defaults.logging.file, telemetry::FileSettings{.path = "a.log"});
  EXPECT_EQ(defaults.logging.file->max_bytes, 10 * 1024 * 1024);
  EXPECT_EQ(defaults.logging.syslog->level, telemetry::Level::kInfo);
  EXPECT_EQ(defaults.logging.event_log->level, telemetry::Level::kWarn);
  const auto given = settings_of(
      "[logging.file]\npath = 'a'\nlevel = 'error'\nmax_bytes = 5000\nkeep = 0\n"
      "[logging.syslog]\nlevel = 'debug'\n[logging.eventlog]\nlevel = 'off'");
  EXPECT_EQ(given.logging.file, (telemetry::FileSettings{"a", telemetry::Level::kError, 5000, 0}));
  EXPECT_EQ(given.logging.syslog->level, telemetry::Level::kDebug);
  EXPECT_EQ(given.logging.event_log->level, telemetry::Level::kOff);
}

TEST(SettingsFile, SaysWhatIsWrongWithALogFile) {
  const Mistake rows[] = {
      {"[logging.file]", "1:1: logging.file.path: missing; expected the path of a file"},
      {"[logging.file]\npath = \"\"",
       "2:8: logging.file.path: expected the path of a file, got \"\""},
      {"[logging.file]\npath = \"a\"\nmax_bytes = 1",
       "3:13: logging.file.max_bytes: expected an integer from 4096 to 1099511627776, got the "
       "integer 1"},
  };
  for (const Mistake& row : rows)
    expect_message(row);
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
       "2:2: not valid TOML: \"\u00FC\" is only allowed in quotes or in a comment"},
      {"a\u00A0= 1", "1:2: not valid TOML: \"\u00A0\" is only allowed in quotes or in a comment"},
      {"# \xFF", "1:3: not valid UTF-8"},
      {"a = \"\u00FC\xFF\"", "1:7: not valid UTF-8"},
      {std::string("\xFF\xFE#\0", 4), kUtf16},
      {std::string("\xFE\xFF\0#", 4), kUtf16},
      {std::string("#\0 \0", 4), kUtf16},
      {std::string("\0#", 2), kUtf16},
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

TEST(SettingsFile, SaysThatATextNeedsQuotes) {
  for (const std::string value : {"20s", "1.5h", "10min"}) {
    const auto loaded = parse_settings("# a\ndrain_timeout = " + value + " # b", "f");
    ASSERT_FALSE(loaded) << value;
    EXPECT_TRUE(loaded.error().message.ends_with(". A text needs quotes: \"" + value + '"'));
  }
}

TEST(SettingsFile, GuessesTablesOfOtherNamesAndDoubtsMonths) {
  const auto loaded =
      parse_settings("startup_grace = \"5M\"\n[proxies.a]\n[status]\n[semaphores]\nA = 1", "f");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->warnings,
            (std::vector<std::string>{"f:1:17: startup_grace: 5M is 5 months; write 5m for minutes",
                                      "f:2:2: proxies: unknown key; did you mean proxy?",
                                      "f:3:2: status: unknown key; did you mean proxy_status?"}));
}

TEST(SettingsFile, CharactersBeyondAsciiAreTextWhereverTextMayBe) {
  for (const std::string_view character :
       {"\u00FC", "\u00A0", "\u0085", "\u1680", "\u2003", "\u2028", "\u3000", "\u3042", "\uFEFF",
        "\uFE00", "\U0001F600"}) {
    const std::string text(character);
    for (const std::string& value : {"\"" + text + "\"", "\"\"\"\\\n " + text + "\"\"\"",
                                     "\"\"\"a\\  \n\n \t" + text + "\"\"\"", "'" + text + "'"}) {
      const auto loaded = parse_settings("[logging.file]\npath=" + value, "f");
      ASSERT_TRUE(loaded) << value << loaded.error().message;
      const std::string expected = value.find('a') == std::string::npos ? text : "a" + text;
      EXPECT_EQ(loaded->settings.logging.file->path, expected) << value;
    }
    EXPECT_EQ(settings_of("1=\"" + text + "\"\n2=[-1,'" + text + "',1]"), ServerSettings()) << text;
  }
}

TEST(SettingsFile, RefusesWhatTheTomlLibraryCannotTake) {
  const Mistake rows[] = {
      {"a = \"\"\"\\\u00FC\"\"\"",
       "1:9: not valid TOML: string: unknown escape sequence '\\\u00FC'"},
  };
  for (const Mistake& row : rows) {
    expect_message(row);
  }
  EXPECT_EQ(
      settings_of("1 = \"\u00FC\"\n2=1 # \u00FC\na=[-1,'\u00FC']\nb=\"\"\"\\\n a\u00FC\"\"\""),
      ServerSettings());
}

TEST(SettingsFile, ALineMayBeAsLongAsTheFile) {
  std::string line = "[semaphores]\nA = { " + std::string(5000, ' ') + "max = 1" +
                     std::string(100'000, ' ') + ", level = 2 } # " + std::string(4000, 'a');
  EXPECT_EQ(settings_of(line).semaphores, std::vector{semaphore("A", 1, 2)});
  line = "a = [";
  for (int i = 0; i < 50'000; ++i)
    line += "1.5, ";
  EXPECT_EQ(settings_of(line + "]"), ServerSettings());
  std::string inline_table = "semaphores = { ";
  for (int i = 0; i < 2000; ++i)
    inline_table += (i == 0 ? "s" : ", s") + std::to_string(i) + " = 1";
  EXPECT_EQ(settings_of(inline_table + " }").semaphores.size(), 2000U);
}

TEST(SettingsFile, RefusesLevelsThatNobodyWrites) {
  std::string dotted = "\na";
  for (int i = 0; i < 63; ++i)
    dotted += " . 'b.c'";
  EXPECT_EQ(settings_of(dotted + " = 1.5"), ServerSettings());
  expect_message(
      {"\n[" + std::string(64 * 2, '.') + "a]", "2:65: more than 64 parts in one dotted key"});
  std::string deep = "a = ";
  for (int i = 0; i < 100; ++i) {
    deep += "[\n";
  }
  EXPECT_FALSE(parse_settings(deep, "t.toml").has_value());
}

TEST(SettingsFile, SurvivesTheDeepestTextThatItTakes) {
  std::string dotted;
  for (int i = 0; i < 63; ++i) {
    dotted += "a.";
  }
  std::string text;
  for (int i = 0; i < 100; ++i) {
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
      {"semaphores.A = 1\n[logging.kafka]\nlevel = \"info\"",
       {"t.toml:2:10: logging.kafka: unknown key"}},
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

TEST_F(SettingsOnDisk, HaveTheirPathsCompletedByTheFolderOfTheFile) {
  const auto loaded = load_settings_file(write("a.toml", "[logging.file]\npath = 'logs/a.log'"));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  const auto wanted = (folder / "logs/a.log").u8string();
  EXPECT_EQ(loaded->settings.logging.file->path, std::string(wanted.begin(), wanted.end()));
  const auto journal = load_settings_file(write("b.toml", "[journal]\npath = 'a.db'"));
  ASSERT_TRUE(journal.has_value()) << journal.error().message;
  const auto whole = (folder / "a.db").u8string();
  EXPECT_EQ(journal->settings.journal.path, std::string(whole.begin(), whole.end()));
}

TEST_F(SettingsOnDisk, AreTheDefaultsWhereTheFileIsMissing) {
  const auto loaded = load_settings_file("no-such-folder/throttle.toml");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->file, FileState::kMissing);
  EXPECT_EQ(loaded->settings, ServerSettings());
  EXPECT_THAT(loaded->warnings,
              ElementsAre("no-such-folder/throttle.toml: no such file; no semaphores are "
                          "configured, so every request for a lease is refused"));
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
  EXPECT_EQ(loaded.error().message, path + ": cannot be read: it is larger than 1 MiB");
}

}  // namespace
}  // namespace throttle::config
