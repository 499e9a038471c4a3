// By the conversions of Windows itself.
#include "libthrottle/uv/wide_text_win32.h"

#include <windows.h>

namespace throttle::uv {
namespace {

std::wstring widened(UINT code_page, std::string_view bytes) {
  const int size = static_cast<int>(bytes.size());
  const int length = MultiByteToWideChar(code_page, 0, bytes.data(), size, nullptr, 0);
  std::wstring text(static_cast<std::size_t>(length), L'\0');
  MultiByteToWideChar(code_page, 0, bytes.data(), size, text.data(), length);
  return text;
}

bool is_utf8(std::string_view bytes) {
  return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, bytes.data(),
                             static_cast<int>(bytes.size()), nullptr, 0) > 0;
}

}  // namespace

std::wstring wide(std::string_view utf8) {
  return widened(CP_UTF8, utf8);
}

std::string narrow(std::wstring_view utf16) {
  const int units = static_cast<int>(utf16.size());
  const int length =
      WideCharToMultiByte(CP_UTF8, 0, utf16.data(), units, nullptr, 0, nullptr, nullptr);
  std::string text(static_cast<std::size_t>(length), '\0');
  WideCharToMultiByte(CP_UTF8, 0, utf16.data(), units, text.data(), length, nullptr, nullptr);
  return text;
}

std::string from_console(std::string_view bytes) {
  if (bytes.empty() || is_utf8(bytes)) return std::string(bytes);
  return narrow(widened(CP_OEMCP, bytes));
}

}  // namespace throttle::uv
