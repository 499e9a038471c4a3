// What the Windows files of this room share: text, errors, handles, folders.
// Threads: any.
#pragma once

#include <memory>
#include <string>
#include <windows.h>  // tidy-allow: light-headers, for the files of Windows alone

#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/wide_text_win32.h"

namespace throttle::service {

using uv::narrow;
using uv::wide;

// The error of a call that failed just now. kUnavailable: it is not allowed, and the message says
// to run as administrator. kNotFound: there is no such service. kExhausted: all others, in the
// words of Windows.
Error system_error(const std::string& what, DWORD code = GetLastError());
tl::unexpected<Error> failed(const std::string& what, DWORD code = GetLastError());

struct CloseService {
  using pointer = SC_HANDLE;
  void operator()(SC_HANDLE handle) const { CloseServiceHandle(handle); }
};
using ServiceHandle = std::unique_ptr<SC_HANDLE, CloseService>;

struct CloseKernelHandle {
  using pointer = HANDLE;
  void operator()(HANDLE handle) const { CloseHandle(handle); }
};
using KernelHandle = std::unique_ptr<HANDLE, CloseKernelHandle>;

struct FreeLocal {
  void operator()(void* memory) const { LocalFree(memory); }
};
template <typename T>
using LocalMemory = std::unique_ptr<T, FreeLocal>;

// %ProgramData%\Throttle, as Windows says and not as the environment does.
std::string data_folder();
// The path of this program.
std::string own_path();

// A clock that does not run while the machine sleeps.
TimePoint unbiased_now();

}  // namespace throttle::service
