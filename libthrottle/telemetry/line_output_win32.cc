// Writes whole texts to a descriptor. Windows has no signals that could interrupt. A console is
// written to in UTF-16: it would read bytes in its code page, which is not UTF-8 as a rule.
#include <algorithm>
#include <climits>
#include <io.h>
#include <string>
#include <windows.h>

#include "libthrottle/telemetry/line_output.h"
#include "libthrottle/uv/wide_text_win32.h"

namespace throttle::telemetry {
namespace {

constexpr DWORD kMostUnits = 8192;  // consoles of old had a buffer of 64 KiB

bool is_console(HANDLE handle) noexcept {
  DWORD mode = 0;
  return GetConsoleMode(handle, &mode) != 0;
}

bool write_console(HANDLE console, std::string_view text) noexcept {
  const std::wstring units = uv::wide(text);
  std::wstring_view rest = units;
  while (!rest.empty()) {
    DWORD written = 0;
    const auto most = static_cast<DWORD>(std::min<std::size_t>(rest.size(), kMostUnits));
    if (WriteConsoleW(console, rest.data(), most, &written, nullptr) == 0 || written == 0)
      return false;
    rest.remove_prefix(written);
  }
  return true;
}

}  // namespace

void shield_from_signals() noexcept {}

bool write_all(int descriptor, std::string_view text) noexcept {
  const auto handle = reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
  if (is_console(handle)) return write_console(handle, text);
  while (!text.empty()) {
    const auto most = static_cast<unsigned>(std::min<std::size_t>(text.size(), INT_MAX));
    const int written = _write(descriptor, text.data(), most);
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace throttle::telemetry
