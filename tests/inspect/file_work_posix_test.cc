// That `export` writes to a new file, which only its owner and group can read.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/inspect/inspect_fixture.h"

namespace throttle::inspect {
namespace {

using ::testing::HasSubstr;

using InspectExport = InspectTest;

TEST_F(InspectExport, FollowsNoLink) {
  open_with_clock();
  flush();
  const std::string target = folder.file("copy.db");
  const std::string foreign = folder.file("foreign");
  std::filesystem::create_symlink(foreign, target + ".part");
  for (const char* const form : {"", "--csv"}) {
    std::vector<std::string> words{"export", "--to", target};
    if (*form != '\0') words.emplace_back(form);
    const Ran ran = inspect(words);
    EXPECT_EQ(ran.exit, 2);
    EXPECT_THAT(ran.error, HasSubstr("copy.db.part exists."));
  }
  EXPECT_FALSE(std::filesystem::exists(foreign));
  EXPECT_TRUE(std::filesystem::is_symlink(target + ".part"));
}

TEST_F(InspectExport, IsNotReadableForEverybody) {
  using std::filesystem::perms;
  open_with_clock();
  flush();
  const std::string copy = folder.file("copy.db");
  EXPECT_EQ(inspect({"export", "--to", copy}).exit, 0);
  const std::string text = folder.file("events.csv");
  EXPECT_EQ(inspect({"export", "--csv", "--to", text}).exit, 0);
  for (const std::string& file : {copy, text})
    EXPECT_EQ(std::filesystem::status(file).permissions() & perms::others_all, perms::none) << file;
}

}  // namespace
}  // namespace throttle::inspect
