// Cuts a stream of bytes into lines of bounded length.
//
// A line ends with LF or CR LF, which are not part of it. One that is longer than the bound comes
// in pieces, so that a program without line ends cannot fill the memory. Threads: one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace throttle {

class LineSplitter {
 public:
  // `max_line_bytes` is at least 1.
  explicit LineSplitter(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  void feed(std::string_view bytes);
  // The next line that is complete, or as long as the bound; nothing if more must be fed. It is
  // good until the next feed().
  std::optional<std::string_view> next();
  // What is left when the stream has ended: a last line without an end, or nothing.
  std::optional<std::string_view> rest();

 private:
  std::string_view take(std::size_t length, std::size_t skipped);

  std::size_t max_line_bytes_;
  std::string bytes_;
  std::size_t begin_ = 0;  // of what was not handed out yet
};

}  // namespace throttle
