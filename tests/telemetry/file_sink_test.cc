// A real file in a folder of the test; rotation is read back from the disk.
#include "libthrottle/telemetry/file_sink.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/telemetry/logger.h"

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class FileSinkTest : public ::testing::Test {
 protected:
  FileSinkTest() {
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::path(::testing::TempDir()) / (std::string("file_sink_") + test->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FileSinkTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "throttle.log").string(); }

  std::unique_ptr<FileSink> open(std::uint64_t max_bytes = 1'000'000, std::uint32_t keep = 2) {
    auto sink =
        FileSink::open({.path = path(), .max_bytes = max_bytes, .keep = keep, .farewell = 60s});
    EXPECT_TRUE(sink) << (sink ? "" : sink.error().message);
    return sink ? *std::move(sink) : nullptr;
  }

  static void log(FileSink& sink, std::string_view message) {
    sink.accept({.target = "app", .message = message});
  }

  std::string read(const std::string& suffix = "") const {
    std::ifstream file(path() + suffix, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool exists(const std::string& suffix) const { return std::filesystem::exists(path() + suffix); }

 private:
  std::filesystem::path folder_;
};

constexpr const char* kHead = "[1970-01-01T00:00:00Z INFO  app] ";

TEST_F(FileSinkTest, AppendsToWhatIsThere) {
  for (const char* message : {"first", "second"}) {
    auto sink = open();
    log(*sink, message);
  }
  EXPECT_EQ(read(), std::string(kHead) + "first\n" + kHead + "second\n");
}

TEST_F(FileSinkTest, KeepsAsManyOlderFilesAsAsked) {
  auto sink = open(1, 2);
  for (const char* message : {"a", "b", "c", "d"})
    log(*sink, message);
  sink.reset();
  EXPECT_THAT(read(), HasSubstr("] d\n"));
  EXPECT_THAT(read(".1"), HasSubstr("] c\n"));
  EXPECT_THAT(read(".2"), HasSubstr("] b\n"));
  EXPECT_FALSE(exists(".3"));
}

TEST_F(FileSinkTest, NeverExceedsItsSize) {
  constexpr std::uint64_t kMost = 1000;
  auto sink = open(kMost, 3);
  for (int i = 0; i < 60; ++i)
    log(*sink, std::to_string(i));
  sink.reset();
  for (const char* suffix : {"", ".1", ".2"})
    EXPECT_LE(read(suffix).size(), kMost);
  for (const char* suffix : {".1", ".2"})
    EXPECT_GT(read(suffix).size(), kMost / 2);
}

TEST_F(FileSinkTest, WithoutOlderFilesBeginsAgain) {
  auto sink = open(1, 0);
  log(*sink, "a");
  log(*sink, "b");
  sink.reset();
  EXPECT_EQ(read(), std::string(kHead) + "b\n");
  EXPECT_FALSE(exists(".1"));
}

TEST_F(FileSinkTest, OpensThePathAgainWhenAnotherProgramHasMovedTheFile) {
  auto sink = open();
  log(*sink, "before");
  // Both are written in order: once the file is there, the line is in it or about to be.
  while (read().empty())
    std::this_thread::yield();
  std::filesystem::rename(path(), path() + ".moved");
  sink->reopen();
  log(*sink, "after");
  sink.reset();
  EXPECT_THAT(read(), HasSubstr("] after\n"));
  EXPECT_THAT(read(".moved"), HasSubstr("] before\n"));
}

TEST_F(FileSinkTest, APathThatCannotBeWrittenIsAnError) {
  const auto sink = FileSink::open({.path = path() + "/no/such/folder"});
  ASSERT_FALSE(sink);
  EXPECT_THAT(sink.error().message, HasSubstr("no/such/folder: cannot be written: "));
}

TEST_F(FileSinkTest, AMoveThatFailsDoesNotStopTheLog) {
  std::filesystem::create_directories(path() + ".1/full");
  auto sink = open(1, 1);
  log(*sink, "a");
  log(*sink, "b");
  sink.reset();
  EXPECT_THAT(read(), HasSubstr("] b\n"));
}

TEST_F(FileSinkTest, WarnsOnceWhenItCannotRotateAndSaysWhatToDo) {
  std::filesystem::create_directories(path() + ".1/full");
  auto made = open(1, 1);
  FileSink& sink = *made;
  std::vector<Logger::Outlet> outlets;
  outlets.push_back({LogFilter(Level::kInfo), std::move(made)});
  auto logger = std::make_unique<Logger>(std::move(outlets));
  const Log app = logger->target("app");
  sink.report_to(app);
  app.info("a");
  app.info("b");
  // The rotation before the next line fails: once "b" is in the file, that is known.
  while (read().find("] b\n") == std::string::npos)
    std::this_thread::yield();
  app.info("c");
  app.info("d");
  logger.reset();
  const std::string text = read();
  const std::size_t warning = text.find("WARN  app] the log file cannot be rotated");
  ASSERT_NE(warning, std::string::npos) << text;
  EXPECT_EQ(text.find("cannot be rotated", warning + 60), std::string::npos) << text;
  EXPECT_THAT(text, HasSubstr("allow this process to create and rename files in its folder"));
  EXPECT_THAT(text, HasSubstr("throttle.log: cannot be moved to"));
}

}  // namespace
}  // namespace throttle::telemetry
