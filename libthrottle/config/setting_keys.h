// The keys of the configuration file except those of semaphores and proxies, one row each: how the
// value is written, where it goes, and whether a reload puts a new value in force.
// Threads: pure functions and constants.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "libthrottle/config/settings.h"
#include "libthrottle/config/table_reader.h"

namespace throttle::config {

enum class Effect : std::uint8_t { kAtReload, kAtRestart };

struct SettingKey {
  std::string_view name;  // within its table
  Effect effect;
  std::string_view mandatory;  // what messages call its value; empty: the key may be absent
  // Whether the key is in the table, with a value that fits or not.
  bool (*read)(TableReader& table, std::string_view name, ServerSettings& settings);
  bool (*equal)(const ServerSettings& a, const ServerSettings& b);
  void (*copy)(const ServerSettings& from, ServerSettings& to);
};

// By the path of its table; that of the top of the file is empty.
struct SettingTable {
  std::string_view path;
  std::span<const SettingKey> keys;
};
std::span<const SettingTable> setting_tables();

// Reads the keys of the table at `path`, which is one of setting_tables(). A mandatory key that is
// absent is a mistake.
void read_keys(TableReader& table, std::string_view path, ServerSettings& settings);

}  // namespace throttle::config
