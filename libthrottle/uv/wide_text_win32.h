// UTF-8 at our side, UTF-16 at that of Windows.
// Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace throttle::uv {

// What is not valid becomes U+FFFD in both directions; neither throws.
std::wstring wide(std::string_view utf8);
std::string narrow(std::wstring_view utf16);

// What a console program wrote: UTF-8 stays as it is, all else is read in the OEM code page, which
// cmd.exe and most console programs write in.
std::string from_console(std::string_view bytes);

}  // namespace throttle::uv
