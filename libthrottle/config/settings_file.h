// The configuration file: TOML text to typed settings.
//
// Both generations of the original server's file are read, and our own keys beside theirs. A
// mistake is an error that names file, line, column, key and what was expected; there are as many
// of them in one message as the file has, a line each. An unknown key is only a warning: files of
// other versions stay usable. Threads: pure functions, except for reading the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/config/settings.h"
#include "libthrottle/core/result.h"

namespace throttle::config {

enum class FileState : std::uint8_t { kRead, kMissing };

struct LoadedSettings {
  ServerSettings settings;
  FileState file = FileState::kRead;
  bool has_semaphores_table = false;  // also an empty one
  std::vector<std::string> warnings;  // a line each, complete
  std::vector<std::string> doubts;    // those warnings with which a check does not pass
};

// `file` is how messages call the text. Error kInvalidArgument.
Result<LoadedSettings> parse_settings(std::string_view text, std::string_view file);

// `loaded`, or kInvalidArgument with its doubts, a line each: what --check says.
Result<LoadedSettings> without_doubts(Result<LoadedSettings> loaded);

// Reads the file at `path` (UTF-8). One that does not exist is no error but a warning, and all
// settings have their defaults. Errors: kInvalidArgument; kUnavailable if there is something that
// cannot be read, or has more than a mebibyte.
Result<LoadedSettings> load_settings_file(const std::string& path);

}  // namespace throttle::config
