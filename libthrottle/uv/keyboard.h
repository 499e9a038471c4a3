// The keys of the terminal on standard input: one by one, without an echo, and without signals, so
// that Ctrl+C is the byte 0x03. The terminal is as it was before once the object is destroyed.
//
// Keys come as terminals send them: text in UTF-8, arrows and the like as sequences that begin with
// ESC; on Windows too. Threads: the loop's.
#pragma once

#include <string_view>

#include "libthrottle/core/result.h"
#include "libthrottle/uv/box.h"
#include "libthrottle/uv/callback.h"

namespace throttle::uv {

class Loop;

class Keyboard {
 public:
  // Receives what was typed; an empty text once the terminal is gone. It may destroy the keyboard
  // as the last thing it does.
  using OnKeys = Callback<void(std::string_view)>;

  // One at a time. Error kUnavailable: standard input is no terminal.
  static Result<Keyboard> open(Loop& loop, OnKeys on_keys);
  ~Keyboard();
  Keyboard(Keyboard&&) noexcept;
  Keyboard& operator=(Keyboard&&) = delete;

 private:
  struct Box;
  explicit Keyboard(BoxOwner<Box> box);
  BoxOwner<Box> box_;
};

}  // namespace throttle::uv
