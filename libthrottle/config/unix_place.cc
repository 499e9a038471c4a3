// Reads the part that is the same on every system.
#include "libthrottle/config/unix_place.h"

#include <algorithm>
#include <vector>

#include "libthrottle/core/text.h"

namespace throttle::config {

namespace {

// Without empty parts, "." and "..".
std::string normal(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t length = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, length);
    path.remove_prefix(std::min(length + 1, path.size()));
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string whole;
  for (const std::string_view part : parts)
    whole.append("/").append(part);
  return whole;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

tl::unexpected<Error> no_socket(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, quote(text) + " is no Unix socket: " + std::string(why));
}

}  // namespace

Result<HostPort> parse_unix_place(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (!path.starts_with('/'))
    return no_socket(text, "expected its whole path, as in unix:/run/x.sock");
  if (std::ranges::any_of(path, is_control)) return no_socket(text, "it has control characters");
  const std::string file = normal(path);
  if (file.empty() || path.ends_with('/')) return no_socket(text, "it is a folder");
  if (const std::string why = complaint_of_unix_path(file); !why.empty())
    return no_socket(text, why);
  return HostPort::of_unix(file);
}

}  // namespace throttle::config
