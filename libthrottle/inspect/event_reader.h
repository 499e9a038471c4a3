// Reads a stream of server-sent events (WHATWG HTML, 9.2.6): bytes in, events out.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace throttle::inspect {

struct StreamEvent {
  std::string name;  // "message" where the stream names none
  std::string data;  // its lines, with "\n" between them
  std::string id;    // the last one that came before it or with it
};

class EventReader {
 public:
  using Take = std::function<void(StreamEvent&&)>;

  // A longer line, or an event with more data, is no stream of ours.
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

  // Calls `take` with each event that is complete. False: a line or an event is too long.
  bool read(std::string_view bytes, const Take& take);
  // A new connection: what is incomplete is forgotten; the last id stays.
  void begin_again();

  // The last id of the stream, from which it can be resumed; empty at first.
  const std::string& last_id() const { return last_id_; }
  void set_last_id(std::string id) { last_id_ = std::move(id); }
  // How long to wait before a new connection, in ms, if the stream says it.
  std::optional<std::int64_t> retry_ms() const { return retry_ms_; }

 private:
  void take_line(std::string_view line, const Take& take);
  void take_field(std::string_view name, std::string_view value);
  void dispatch(const Take& take);

  std::string line_;           // incomplete
  bool after_return_ = false;  // a line feed that follows belongs to the end of the line before
  bool at_start_ = true;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
  std::string id_;  // of the event that is incomplete
  std::string last_id_;
  std::optional<std::int64_t> retry_ms_;
};

}  // namespace throttle::inspect
