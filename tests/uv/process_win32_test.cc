// Commands of cmd.exe.
#include <chrono>
#include <csignal>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <uv.h>

#include "libthrottle/uv/wide_text_win32.h"
#include "tests/uv/process_fixture.h"
#include "tests/uv/run_guard.h"

// clang-format off
#include <tlhelp32.h>  // takes <windows.h>, which <uv.h> includes, for granted
// clang-format on

namespace throttle::uv {
namespace {

using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

// A living ping.exe that descends from `ancestor`; 0 if there is none.
DWORD ping_under(DWORD ancestor) {
  std::map<DWORD, DWORD> parents;
  std::vector<DWORD> pings;
  const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32W entry{};
  entry.dwSize = sizeof entry;
  for (BOOL more = Process32FirstW(snapshot, &entry); more != 0;
       more = Process32NextW(snapshot, &entry)) {
    parents[entry.th32ProcessID] = entry.th32ParentProcessID;
    if (lstrcmpiW(entry.szExeFile, L"ping.exe") == 0) pings.push_back(entry.th32ProcessID);
  }
  CloseHandle(snapshot);
  for (const DWORD ping : pings) {
    DWORD each = ping;
    for (int depth = 0; depth < 5 && each != ancestor; ++depth)
      each = parents[each];
    if (each == ancestor) return ping;
  }
  return 0;
}

class WindowsProcess : public ProcessTest {
 protected:
  // Runs until `reached()`, for at most kPatience; whether it is.
  template <typename Condition>
  bool becomes(Condition reached) {
    for (const TimePoint give_up = now() + kPatience; now() < give_up;) {
      if (reached()) return true;
      run_briefly(loop, 10ms);
    }
    return false;
  }
};

TEST_F(WindowsProcess, TellsTheLinesOfBothOutputsAndThenTheExit) {
  run({.line = "echo one&echo two>&2&echo three&exit 7"});
  EXPECT_THAT(lines, UnorderedElementsAre("out one", "err two", "out three"));
  EXPECT_EQ(exit->status, 7);
  EXPECT_FALSE(exit->succeeded());
}

TEST_F(WindowsProcess, SetsVariablesBesideItsOwnEnvironment) {
  run({.line = "echo %OS% \"%THROTTLE_TEST_NEW%\"",
       .environment = {{"THROTTLE_TEST_NEW", "a  b=c"}}});
  EXPECT_THAT(lines, UnorderedElementsAre("out Windows_NT \"a  b=c\""));
  EXPECT_TRUE(exit->succeeded());
}

TEST_F(WindowsProcess, SetsAVariableWhateverTheCaseOfItsName) {
  run({.line = "echo %OS%", .environment = {{"oS", "another"}}});
  EXPECT_THAT(lines, UnorderedElementsAre("out another"));
}

TEST_F(WindowsProcess, InheritsNoHandleButItsOutputs) {
  SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
  const HANDLE event = CreateEventW(&inherited, TRUE, FALSE, L"throttle-test-inherited");
  ASSERT_NE(event, nullptr);
  start({.line = "ping -n 600 127.0.0.1"});
  const auto shell = static_cast<DWORD>(process->pid());
  ASSERT_TRUE(becomes([&] { return ping_under(shell) != 0; }));
  CloseHandle(event);
  EXPECT_EQ(OpenEventW(SYNCHRONIZE, FALSE, L"throttle-test-inherited"), nullptr);
  process->kill_tree();
  EXPECT_TRUE(becomes([&] { return exit.has_value(); }));
}

TEST_F(WindowsProcess, RunsTheShellOfWindowsAndNoneOfTheWorkingDirectory) {
  ASSERT_NE(CopyFileW(L"C:\\windows\\system32\\hostname.exe", L"cmd.exe", FALSE), 0);
  run({.line = "echo the shell"});
  DeleteFileW(L"cmd.exe");
  EXPECT_THAT(lines, UnorderedElementsAre("out the shell"));
}

TEST(ProcessExit, NamesACrashByItsHexadecimalDigits) {
  EXPECT_EQ((ProcessExit{3}).text(), "ended with status 3");
  EXPECT_EQ((ProcessExit{0xC0000005}).text(), "ended with status 0xC0000005");
}

TEST(ConsoleText, IsUtf8OrElseOfTheOemCodePage) {
  EXPECT_EQ(from_console("J\xC3\xBCrgen"), "J\xC3\xBCrgen");
  // In the code pages 437 and 850, in others something else, and UTF-8 in any case.
  const std::string text = from_console("J\x81rgen");
  const bool is_western = GetOEMCP() == 437 || GetOEMCP() == 850;
  EXPECT_EQ(text == "J\xC3\xBCrgen", is_western);
  EXPECT_EQ(narrow(wide(text)), text);
  EXPECT_EQ(from_console(""), "");
}

TEST(WideText, ComesBackAndReplacesWhatIsBroken) {
  const std::string text = "J\xC3\xBCrgen \xF0\x9F\x9A\xA6";
  EXPECT_EQ(narrow(wide(text)), text);
  EXPECT_EQ(narrow(L"a\xD800"), "a\xEF\xBF\xBD");
  EXPECT_EQ(wide(""), L"");
}

TEST_F(WindowsProcess, KillsTheChildrenOfAHangingCommandToo) {
  start({.line = "cmd /c \"ping -n 600 127.0.0.1\""});
  const auto shell = static_cast<DWORD>(process->pid());
  ASSERT_TRUE(becomes([&] { return ping_under(shell) != 0; }));
  const HANDLE witness = OpenProcess(SYNCHRONIZE, FALSE, ping_under(shell));
  ASSERT_NE(witness, nullptr);
  process->kill_tree();
  EXPECT_TRUE(becomes([&] { return exit.has_value(); }));
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(WaitForSingleObject(witness, 60'000), WAIT_OBJECT_0);
  CloseHandle(witness);
}

}  // namespace
}  // namespace throttle::uv
