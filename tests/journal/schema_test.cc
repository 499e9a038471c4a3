// The schema of version 1, as `sqlite3 FILE .schema` prints its tables: other programs read it, so
// whatever changes here needs a new version and a migration.
#include "libthrottle/journal/schema.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/journal/journal_fixture.h"

namespace throttle::journal {
namespace {

class Schema : public ::testing::Test {
 protected:
  Schema() {
    auto opened = Database::open(path, {});
    EXPECT_TRUE(opened);
    Database database = std::move(*opened);
    EXPECT_TRUE(create_schema(database, std::string(32, 'a'), "name", 5));
    EXPECT_TRUE(make_views(database));
    EXPECT_TRUE(make_views(database)) << "again, as at every start";
  }

  TemporaryFolder folder;
  const std::string path = folder.file("journal.db");
};

TEST_F(Schema, IsThatOfVersionOne) {
  std::string text;
  for (const std::string& sql :
       query(path, "SELECT sql || ';' FROM sqlite_master WHERE type = 'table' ORDER BY rowid"))
    text += sql + '\n';
  std::ifstream golden(THROTTLE_TEST_FOLDER "/schema_v1.sql");
  std::stringstream expected;
  expected << golden.rdbuf();
  EXPECT_EQ(text, expected.str());
}

TEST_F(Schema, HasOneJournalRowAndTheWords) {
  EXPECT_EQ(value(path,
                  "SELECT id || ' ' || name || ' ' || created_us || ' ' || pruned_seq ||"
                  " ' ' || lower(hex(pruned_hash)) FROM journal"),
            std::string(32, 'a') + " name 5 0 " + to_hex(first_hash(std::string(32, 'a'))));
  EXPECT_EQ(value(path, "SELECT name FROM kind WHERE kind_no = 34"), "gap_closed");
  EXPECT_EQ(value(path, "SELECT name FROM cause WHERE cause_no = 10"), "lost");
}

TEST_F(Schema, HasViewsThatCanBeRead) {
  for (const std::string& view :
       query(path, "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name"))
    EXPECT_TRUE(query(path, "SELECT * FROM " + view).empty()) << view;
  EXPECT_EQ(value(path, "SELECT count(*) FROM sqlite_master WHERE type = 'view'"), "7");
}

TEST_F(Schema, NamesTheColumnOfEveryForeignKey) {
  for (const std::string& table : query(path, "SELECT name FROM sqlite_master WHERE type='table'"))
    for (const std::string& key :
         query(path, "SELECT \"to\" FROM pragma_foreign_key_list('" + table + "')"))
      EXPECT_NE(key, "NULL") << table;
}

TEST_F(Schema, IsRecognisedByTheFirstBytes) {
  EXPECT_EQ(identify(path).is, FileKind::Is::kJournal);
  EXPECT_EQ(identify(path).version, 1);
  EXPECT_EQ(identify(folder.file("none")).is, FileKind::Is::kAbsent);
  std::ofstream(folder.file("empty")).close();
  EXPECT_EQ(identify(folder.file("empty")).is, FileKind::Is::kEmpty);
  std::ofstream(folder.file("text")) << "short";
  EXPECT_EQ(identify(folder.file("text")).is, FileKind::Is::kForeign);
}

}  // namespace
}  // namespace throttle::journal
