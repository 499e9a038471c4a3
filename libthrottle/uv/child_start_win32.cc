// CreateProcessW with a list of the handles that are inherited.
#include "libthrottle/uv/child_start_win32.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <uv.h>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/wide_text_win32.h"

namespace throttle::uv {
namespace {

int last_error() {
  return uv_translate_sys_error(static_cast<int>(GetLastError()));
}

// By its full path: by its name alone it would be looked for in the working directory first.
std::wstring shell_path() {
  std::wstring folder(MAX_PATH, L'\0');
  const UINT length = GetSystemDirectoryW(folder.data(), static_cast<UINT>(folder.size()));
  THROTTLE_CHECK(length > 0 && length < folder.size());
  folder.resize(length);
  return folder + L"\\cmd.exe";
}

// cmd.exe does its own quoting: with /s it strips the outer quotes and takes the rest as it stands.
std::wstring command_line(const std::wstring& shell, const std::string& line) {
  return L'"' + shell + L"\" /d /s /c \"" + wide(line) + L'"';
}

// As CreateProcessW wants it: sorted without case, each with a zero behind it, and one at the end.
std::wstring environment_block(const std::vector<std::string>& lines) {
  std::vector<std::wstring> sorted;
  sorted.reserve(lines.size());
  for (const std::string& line : lines)
    sorted.push_back(wide(line));
  std::ranges::sort(sorted, [](const std::wstring& a, const std::wstring& b) {
    return CompareStringOrdinal(a.data(), static_cast<int>(a.size()), b.data(),
                                static_cast<int>(b.size()), TRUE) == CSTR_LESS_THAN;
  });
  std::wstring block;
  for (const std::wstring& line : sorted)
    block.append(line).push_back(L'\0');
  block.push_back(L'\0');
  return block;
}

// A device that gives nothing.
KernelHandle open_nothing() {
  const HANDLE handle = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                    nullptr, OPEN_EXISTING, 0, nullptr);
  return KernelHandle(handle == INVALID_HANDLE_VALUE ? nullptr : handle);
}

// The list of the handles that a child inherits, as long as `handles` live.
class Inheritance {
 public:
  explicit Inheritance(std::array<HANDLE, 3>& handles) {
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
    memory_.resize(size);
    if (InitializeProcThreadAttributeList(list(), 1, 0, &size) == 0) return;
    is_initialised_ = true;
    is_complete_ = UpdateProcThreadAttribute(list(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                             handles.data(), sizeof handles, nullptr, nullptr) != 0;
  }
  ~Inheritance() {
    if (is_initialised_) DeleteProcThreadAttributeList(list());
  }
  Inheritance(const Inheritance&) = delete;
  Inheritance& operator=(const Inheritance&) = delete;

  bool is_complete() const { return is_complete_; }
  LPPROC_THREAD_ATTRIBUTE_LIST list() {
    return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data());
  }

 private:
  std::vector<std::byte> memory_;
  bool is_initialised_ = false;
  bool is_complete_ = false;
};

}  // namespace

SuspendedShell::~SuspendedShell() {
  if (process_) TerminateProcess(process_.get(), 1);
}

int SuspendedShell::start(const std::string& line, const std::vector<std::string>& environment,
                          const Outputs& outputs) {
  THROTTLE_CHECK(!process_);
  const KernelHandle nothing = open_nothing();
  if (!nothing) return last_error();
  std::array<HANDLE, 3> handles = {nothing.get(), outputs.standard_output, outputs.standard_error};
  for (const HANDLE handle : handles)
    if (SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) == 0)
      return last_error();
  Inheritance inheritance(handles);
  if (!inheritance.is_complete()) return last_error();

  STARTUPINFOEXW how{};
  how.StartupInfo.cb = sizeof how;
  how.StartupInfo.dwFlags = STARTF_USESTDHANDLES | STARTF_USESHOWWINDOW;
  how.StartupInfo.wShowWindow = SW_HIDE;
  how.StartupInfo.hStdInput = handles[0];
  how.StartupInfo.hStdOutput = handles[1];
  how.StartupInfo.hStdError = handles[2];
  how.lpAttributeList = inheritance.list();
  const std::wstring shell = shell_path();
  std::wstring command = command_line(shell, line);
  std::wstring variables = environment_block(environment);
  constexpr DWORD kFlags = CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT |
                           EXTENDED_STARTUPINFO_PRESENT;
  PROCESS_INFORMATION made{};
  if (CreateProcessW(shell.c_str(), command.data(), nullptr, nullptr, TRUE, kFlags,
                     variables.data(), nullptr, &how.StartupInfo, &made) == 0)
    return last_error();
  process_.reset(made.hProcess);
  thread_.reset(made.hThread);
  pid_ = made.dwProcessId;
  return 0;
}

KernelHandle SuspendedShell::resume() {
  THROTTLE_CHECK(process_ && thread_);
  ResumeThread(thread_.get());
  return std::move(process_);
}

}  // namespace throttle::uv
