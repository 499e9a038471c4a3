// What the tool asks of the operating system: the terminal, a pager, the time of the place, and
// who the user is. One implementation a system. Threads: the main one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/core/result.h"

namespace throttle::inspect {

enum class Stream : std::uint8_t { kIn, kOut };

bool is_terminal(Stream stream);
// Of the terminal that is written to; 0 by 0 if unknown.
struct TerminalSize {
  std::size_t columns = 0;
  std::size_t rows = 0;
};
TerminalSize terminal_size();
// Lets the terminal understand colours and UTF-8; false if it cannot.
bool prepare_terminal();

std::int64_t wall_clock_us();
// The calendar of the place. `seconds` since 1970.
std::tm local_calendar(std::time_t seconds);

// USER@HOST, as the user says.
std::string user_at_host();

// The variable of the environment; empty if there is none.
std::string environment(const char* name);

// Creates an empty file that others than its owner and its group cannot read. Errors: kInUse if the
// name is taken, also by a link that leads nowhere; kUnavailable.
Result<void> create_private_file(const std::string& path);
// Makes the content of a closed file survive a power loss. False: it could not.
bool sync_file(const std::string& path);

// A command that reads what is written, as a pager does. Destroying it waits for its end.
class Pipe {
 public:
  // Nothing if it cannot be started.
  static std::unique_ptr<Pipe> open(const std::string& command);
  virtual ~Pipe() = default;
  // False when nobody reads any more.
  virtual bool write(std::string_view text) = 0;
};

}  // namespace throttle::inspect
