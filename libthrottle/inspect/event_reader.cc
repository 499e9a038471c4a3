// Lines end with CR, LF or both, wherever the bytes are cut.
#include "libthrottle/inspect/event_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace throttle::inspect {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

bool EventReader::read(std::string_view bytes, const Take& take) {
  if (std::exchange(after_return_, false) && bytes.starts_with('\n')) bytes.remove_prefix(1);
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    line_.append(bytes.substr(0, end));
    if (line_.size() > kMostBytes || data_.size() > kMostBytes) return false;
    if (end == bytes.size()) break;
    const bool is_return = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (is_return && bytes.empty()) after_return_ = true;
    if (is_return && bytes.starts_with('\n')) bytes.remove_prefix(1);
    take_line(std::exchange(line_, {}), take);
  }
  return true;
}

void EventReader::begin_again() {
  line_.clear();
  name_.clear();
  data_.clear();
  has_data_ = false;
  after_return_ = false;
  at_start_ = true;
  id_ = last_id_;
}

void EventReader::take_line(std::string_view line, const Take& take) {
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark))
    line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) return dispatch(take);
  const std::size_t colon = std::min(line.find(':'), line.size());
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  take_field(line.substr(0, colon), value);
}

// Unknown fields, and comments, whose name is empty, mean nothing.
void EventReader::take_field(std::string_view name, std::string_view value) {
  if (name == "event") {
    name_ = value;
  } else if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    std::int64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end && number >= 0) retry_ms_ = number;
  }
}

void EventReader::dispatch(const Take& take) {
  if (!id_.empty()) last_id_ = id_;
  StreamEvent event{std::exchange(name_, {}), std::exchange(data_, {}), last_id_};
  if (!std::exchange(has_data_, false)) return;
  if (event.name.empty()) event.name = "message";
  take(std::move(event));
}

}  // namespace throttle::inspect
