// A sequence of a function key is ESC [ … or ESC O …, up to its final byte, in one read. An ESC
// that is followed by nothing of the kind is the key itself.
#include "libthrottle/inspect/keys.h"

#include "libthrottle/core/text.h"

namespace throttle::inspect {

namespace {

constexpr char kEscape = '\x1b';
constexpr char kCtrlC = '\x03';
constexpr char kDelete = '\x7f';

bool is_final(char c) {
  return c >= '@' && c <= '~';
}

// Takes a sequence behind its ESC; false if there is none.
bool take_sequence(std::string_view& rest) {
  if (!rest.starts_with('[') && !rest.starts_with('O')) return false;
  rest.remove_prefix(1);
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (is_final(c)) break;
  }
  return true;
}

}  // namespace

std::vector<Key> keys_in(std::string_view bytes) {
  std::vector<Key> keys;
  while (!bytes.empty()) {
    const std::string_view before = bytes;
    const char32_t character = take_character(bytes);
    const std::string_view text = before.substr(0, before.size() - bytes.size());
    switch (before.front()) {
      case kEscape:
        if (!take_sequence(bytes)) keys.push_back({Key::Is::kEscape});
        break;
      case kCtrlC:
        keys.push_back({Key::Is::kInterrupt});
        break;
      case '\r':
      case '\n':
        keys.push_back({Key::Is::kEnter});
        break;
      case '\b':
      case kDelete:
        keys.push_back({Key::Is::kBackspace});
        break;
      default:
        if (character != kBrokenCharacter && !is_steering(character))
          keys.push_back({Key::Is::kCharacter, std::string(text)});
    }
  }
  return keys;
}

}  // namespace throttle::inspect
