// `export` and `sql` on a file that the real writer wrote.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class InspectFileWork : public InspectTest {
 protected:
  void SetUp() override {
    open_with_clock();
    enroll(2, "nightly import");
    flush();
  }
  const std::string copy = folder.file("copy.db");
};

TEST_F(InspectFileWork, ExportsAWholeCopyWhileTheServerWrites) {
  const Ran ran = inspect({"export", "--to", copy});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.error, HasSubstr("copy.db is complete, "));
  EXPECT_FALSE(std::filesystem::exists(copy + ".part"));
  EXPECT_EQ(run_tool({"-j", copy, "verify"}).exit, 0);
  EXPECT_EQ(run_tool({"-j", copy, "holders", "--json"}).out, inspect({"holders", "--json"}).out);
}

TEST_F(InspectFileWork, ExportRefusesAFileThatExists) {
  std::ofstream(copy) << "a letter to my aunt";
  const Ran ran = inspect({"export", "--to", copy});
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.error, HasSubstr("copy.db exists. Name a file that does not."));
  EXPECT_EQ(content(copy), "a letter to my aunt");
  EXPECT_EQ(inspect({"export"}).exit, 2);
}

TEST_F(InspectFileWork, ExportTakesNoForeignPart) {
  std::ofstream(copy + ".part") << "a letter to my aunt";
  const Ran ran = inspect({"export", "--to", copy});
  EXPECT_EQ(ran.exit, 2);
  EXPECT_THAT(ran.error, HasSubstr("copy.db.part exists. Name another file, or delete it"));
  EXPECT_EQ(content(copy + ".part"), "a letter to my aunt");
}

TEST_F(InspectFileWork, ExportsEventsAsText) {
  EXPECT_EQ(inspect({"export", "--csv", "--to", copy}).exit, 0);
  EXPECT_THAT(content(copy), StartsWith("seq,at,kind,semaphore,peer,client,label,count,cause,"));
  EXPECT_THAT(content(copy), HasSubstr("\r\n3,2025-11-24T16:00:00.000Z,granted,database,"));
  const std::string lines = folder.file("events.ndjson");
  EXPECT_EQ(inspect({"export", "--ndjson", "--to", lines}).exit, 0);
  const std::string text = content(lines);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_EQ(json::parse(text.substr(0, text.find('\n')))["kind"], "started");
}

TEST_F(InspectFileWork, SqlShowsTheRowsOfAQuery) {
  EXPECT_EQ(inspect({"sql", "SELECT kind, count AS n FROM event_text WHERE seq > 1 -- all"}).out,
            "kind        n\nconfigured  2\ngranted     2\n");
  EXPECT_EQ(inspect({"sql", "SELECT 1 AS a, 2.5 AS b, NULL AS c, x'0aff' AS d;", "--json"}).out,
            "[\n  {\"a\":1,\"b\":2.5,\"c\":null,\"d\":\"0aff\"}\n]\n");
}

TEST_F(InspectFileWork, NothingThatAServerOrAQuerySaysReachesTheTerminal) {
  const Ran shown = inspect({"sql", "SELECT 1 AS \"\x1b[2J\""});
  EXPECT_EQ(shown.out, "\\x1b[2J\n      1\n");
  const Ran failed = inspect({"sql", "SELECT \x1b]0;x\n"});
  EXPECT_EQ(failed.exit, 2);
  EXPECT_EQ(failed.error.find('\x1b'), std::string::npos) << failed.error;
  EXPECT_EQ(inspect({"export", "--to", copy, "--colour\x1b"}).error.find('\x1b'),
            std::string::npos);
}

TEST_F(InspectFileWork, SqlDoesNothingButRead) {
  for (const std::string query :
       {"DELETE FROM event", "SELECT 1; SELECT 2", "", "/* nothing */", "ATTACH 'x.db' AS x",
        "PRAGMA query_only = OFF", "CREATE TEMP TABLE t(x)", "VACUUM INTO 'x.db'", "BEGIN",
        "SELECT load_extension('x')", "SELECT * FROM nothing", "SELEC 1"}) {
    const Ran ran = inspect({"sql", query});
    EXPECT_EQ(ran.exit, 2) << query;
    EXPECT_EQ(ran.out, "") << query;
    EXPECT_THAT(ran.error, HasSubstr(path)) << query;
  }
  EXPECT_EQ(inspect({"sql"}).exit, 2);
  EXPECT_EQ(inspect({"verify"}).exit, 0);
}

}  // namespace
}  // namespace throttle::inspect
