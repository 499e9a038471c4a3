// The settings of a proxy, one row each: how the configuration file and the command line name it,
// how it is written, what --help says, and where it goes. Both read the same text by the same row.
// Threads: pure functions and constants.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/config/forms.h"
#include "libthrottle/core/result.h"
#include "libthrottle/proxy/settings.h"

namespace throttle::config {

// What --help calls a duration.
inline constexpr std::string_view kTimeValue = "TIME";

struct ProxyKey {
  std::string_view name;    // in a table [proxy.NAME]
  std::string_view option;  // as in "listen,l"; empty: only the file has it
  Shape shape;
  std::string_view value;     // what --help calls its value
  std::string_view fallback;  // the text that gives the default; empty: it has none
  std::string_view help;
  std::string_view expected;  // what messages call a value that fits
  // Error kInvalidArgument: what was expected, and the text.
  Result<void> (*set)(std::string_view text, proxy::Settings& settings);
};

struct ProxyKeyGroup {
  std::string_view heading;
  std::span<const ProxyKey> keys;
};

std::span<const ProxyKeyGroup> proxy_key_groups();

// A setting that has no effect unless one of others is given too.
struct Misfit {
  std::string_view key;
  std::vector<std::string_view> needs;
};
std::vector<Misfit> misfits(const proxy::Settings& settings);

// "has no effect without recycle_every or recycle_after_timeout", each key as `spell` writes it.
std::string describe(const Misfit& misfit, std::string (*spell)(std::string_view key));

}  // namespace throttle::config
