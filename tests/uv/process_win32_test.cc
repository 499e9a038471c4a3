// Commands of cmd.exe.
#include <chrono>
#include <csignal>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <uv.h>

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
