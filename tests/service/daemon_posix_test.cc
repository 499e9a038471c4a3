// Pid files on a real disk; the background in a child process of the test.
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/daemon.h"

namespace throttle::service {
namespace {

using ::testing::HasSubstr;

class PidFileTest : public ::testing::Test {
 protected:
  ~PidFileTest() override { std::filesystem::remove(path_); }
  std::string read() const {
    std::ifstream file(path_);
    std::string text;
    std::getline(file, text);
    return text;
  }
  const std::string path_ = ::testing::TempDir() + "throttle.pid." + std::to_string(getpid());
};

TEST_F(PidFileTest, HasTheProcessIdAsLongAsItIsHeld) {
  {
    const auto file = PidFile::write(path_);
    ASSERT_TRUE(file);
    EXPECT_EQ(read(), std::to_string(getpid()));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(PidFileTest, OverwritesAStaleOne) {
  std::ofstream(path_) << "999999999 and more\n";
  const auto file = PidFile::write(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(read(), std::to_string(getpid()));
}

TEST_F(PidFileTest, OfARunningProcessIsAnErrorAndStays) {
  const auto first = PidFile::write(path_);
  ASSERT_TRUE(first);
  const auto second = PidFile::write(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_EQ(read(), std::to_string(getpid()));
}

TEST_F(PidFileTest, ThatCannotBeWrittenIsAnError) {
  const auto file = PidFile::write(path_ + "/no/folder");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("/no/folder: "));
}

// Runs `daemon` in the background; the exit code of the process that was started.
template <typename Daemon>
int start(Daemon daemon) {
  const pid_t child = fork();
  if (child == 0) {
    auto background = Background::enter();
    if (!background) _exit(99);
    daemon(*background);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Background, TheFirstProcessEndsWithTheDaemonsCode) {
  EXPECT_EQ(start([](Background& background) { background.finish(0, ""); }), 0);
  EXPECT_EQ(start([](Background& background) { background.finish(78, "wrong"); }), 78);
}

TEST(Background, ADaemonThatDiesSilentlyIsAFailure) {
  EXPECT_EQ(start([](Background&) { _exit(0); }), 1);
}

TEST(Background, TheDaemonHasNoTerminalAndStandsInTheRoot) {
  EXPECT_EQ(start([](Background& background) {
              const bool is_right = std::filesystem::current_path() == "/" &&
                                    getsid(0) != getpid() && isatty(STDIN_FILENO) == 0;
              background.finish(is_right ? 0 : 1, "");
            }),
            0);
}

}  // namespace
}  // namespace throttle::service
