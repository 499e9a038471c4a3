// Reads the one line of /etc/nsswitch.conf that matters here. c-ares reads it too, but takes
// "resolve" for name servers alone, and would ask them before the hosts file on many desktops.
#include "libthrottle/uv/name_order.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace throttle::uv {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kDefaultOrder = "fb";

std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  const auto word = rest.substr(0, rest.find_first_of(kBlanks));
  rest.remove_prefix(word.size());
  return word;
}

std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line.substr(0, line.find('#'));
}

void add(std::string& order, char letter) {
  if (order.find(letter) == std::string::npos) order += letter;
}

std::string order_of(std::string_view sources) {
  std::string order;
  while (true) {
    const auto word = take_word(sources);
    if (word.empty()) return order;
    if (word == "files" || word == "resolve") add(order, 'f');
    if (word == "dns" || word == "resolve") add(order, 'b');
  }
}

}  // namespace

std::string name_order(std::string_view nsswitch) {
  std::string order;
  while (!nsswitch.empty()) {
    auto line = take_line(nsswitch);
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.starts_with("hosts:")) order = order_of(line.substr(6));
  }
  return order.empty() ? std::string(kDefaultOrder) : order;
}

std::string name_order_of_system() {
  std::ifstream file("/etc/nsswitch.conf", std::ios::binary);
  return name_order(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace throttle::uv
