// What was typed, as keys. Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace throttle::inspect {

struct Key {
  enum class Is : std::uint8_t {
    kCharacter,  // `text` in UTF-8
    kEnter,
    kBackspace,
    kEscape,
    kInterrupt,  // Ctrl+C
  };
  Is is = Is::kCharacter;
  std::string text = {};

  bool operator==(const Key&) const = default;
};

// The keys in what a terminal sent at once. Arrows, function keys and other control characters are
// left out, as is what is not UTF-8.
std::vector<Key> keys_in(std::string_view bytes);

}  // namespace throttle::inspect
