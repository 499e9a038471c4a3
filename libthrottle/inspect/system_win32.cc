// Consoles of Windows.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <io.h>
#include <system_error>
#include <windows.h>

#include "libthrottle/inspect/system.h"

namespace throttle::inspect {

bool is_terminal(Stream stream) {
  return _isatty(stream == Stream::kIn ? 0 : 1) != 0;
}

TerminalSize terminal_size() {
  CONSOLE_SCREEN_BUFFER_INFO screen{};
  if (GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &screen) == 0) return {};
  return {static_cast<std::size_t>(screen.srWindow.Right - screen.srWindow.Left + 1),
          static_cast<std::size_t>(screen.srWindow.Bottom - screen.srWindow.Top + 1)};
}

bool prepare_terminal() {
  SetConsoleOutputCP(CP_UTF8);
  const HANDLE console = GetStdHandle(STD_OUTPUT_HANDLE);
  DWORD mode = 0;
  return GetConsoleMode(console, &mode) != 0 &&
         SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

std::int64_t wall_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::tm local_calendar(std::time_t seconds) {
  std::tm calendar{};
  localtime_s(&calendar, &seconds);
  return calendar;
}

std::string user_at_host() {
  return environment("USERNAME") + '@' + environment("COMPUTERNAME");
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// With the rights of its folder, as the journal itself.
Result<void> create_private_file(const std::string& path) {
  const std::filesystem::path name(std::u8string(path.begin(), path.end()));
  const HANDLE file = CreateFileW(name.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW,
                                  FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file != INVALID_HANDLE_VALUE) {
    CloseHandle(file);
    return {};
  }
  const DWORD error = GetLastError();
  if (error == ERROR_FILE_EXISTS) return fail(ErrorCode::kInUse, path + " exists.");
  const std::string reason = std::system_category().message(static_cast<int>(error));
  return fail(ErrorCode::kUnavailable, path + " cannot be created: " + reason);
}

bool sync_file(const std::string& path) {
  const std::filesystem::path name(std::u8string(path.begin(), path.end()));
  const HANDLE file = CreateFileW(name.c_str(), GENERIC_WRITE, FILE_SHARE_READ, nullptr,
                                  OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return false;
  const bool done = FlushFileBuffers(file) != 0;
  CloseHandle(file);
  return done;
}

// Windows has no pager that understands UTF-8.
std::unique_ptr<Pipe> Pipe::open(const std::string& /*command*/) {
  return nullptr;
}

}  // namespace throttle::inspect
