// Cuts what is to be written into pieces that one call of the system takes: libuv counts bytes in
// `int` and `unsigned`, and a page for people may have more of them. For the .cc files of this
// room. Threads: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace throttle::uv {

inline constexpr std::size_t kMostBytesOfAWrite = std::size_t{1} << 30;

// Two runs of bytes that are sent one behind the other.
struct Outgoing {
  std::string_view head;
  std::string_view body;

  std::size_t size() const { return head.size() + body.size(); }
};

// Takes up to `most` bytes off the front of `rest`.
inline Outgoing take_front(Outgoing& rest, std::size_t most) {
  const std::size_t of_head = std::min(most, rest.head.size());
  const std::size_t of_body = std::min(most - of_head, rest.body.size());
  const Outgoing front{rest.head.substr(0, of_head), rest.body.substr(0, of_body)};
  rest.head.remove_prefix(of_head);
  rest.body.remove_prefix(of_body);
  return front;
}

}  // namespace throttle::uv
