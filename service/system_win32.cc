// What Windows says about errors, folders and the time.
#include "service/system_win32.h"

#include <chrono>
#include <shlobj.h>
#include <system_error>

#include "libthrottle/core/check.h"

namespace throttle::service {

Error system_error(const std::string& what, DWORD code) {
  switch (code) {
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
      return {ErrorCode::kUnavailable, what + ": access denied; run it as administrator"};
    case ERROR_SERVICE_DOES_NOT_EXIST:
      return {ErrorCode::kNotFound, what + ": the service is not installed"};
    case ERROR_SERVICE_MARKED_FOR_DELETE:
      return {ErrorCode::kExhausted,
              what + ": the service is marked for deletion: close the Services console"};
    default:
      return {ErrorCode::kExhausted, what + ": " +
                                         std::system_category().message(static_cast<int>(code)) +
                                         " (error " + std::to_string(code) + ")"};
  }
}

tl::unexpected<Error> failed(const std::string& what, DWORD code) {
  return tl::unexpected<Error>(system_error(what, code));
}

std::string data_folder() {
  PWSTR path = nullptr;
  const HRESULT result = SHGetKnownFolderPath(FOLDERID_ProgramData, 0, nullptr, &path);
  std::string folder = SUCCEEDED(result) ? narrow(path) : "C:\\ProgramData";
  CoTaskMemFree(path);
  return folder + "\\Throttle";
}

std::string own_path() {
  std::wstring path(32'768, L'\0');
  const DWORD length = GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
  THROTTLE_CHECK(length > 0);
  path.resize(length);
  return narrow(path);
}

TimePoint unbiased_now() {
  ULONGLONG ticks = 0;  // of 100 ns
  QueryUnbiasedInterruptTime(&ticks);
  return TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(ticks) * 100));
}

}  // namespace throttle::service
