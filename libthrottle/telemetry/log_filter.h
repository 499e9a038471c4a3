// Which lines are written: filters in the syntax of Rust's env_logger 0.11, which operators of the
// original server have in their THROTTLE_LOG.
//
//   INFO                       every target up to INFO
//   ledger=debug,http=warn     these targets; others are silent
//   warn,ledger=trace          the most specific one wins: the longest prefix of the target's name
//   ledger                     everything of this target
//   info/semaphore=A           of these only lines in which the regular expression is found
//   off                        nothing
//
// Threads: a value; reading is safe from any.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/telemetry/log.h"

namespace throttle::telemetry {

struct ParsedFilter;

class LogFilter {
 public:
  // Every target up to this level.
  explicit LogFilter(Level level) : directives_{{"", level}} {}

  // Never fails: a part that is not valid is left out and named in the warning. Without any valid
  // part the fallback holds; by default only errors pass, as in env_logger. With known targets, a
  // part of a target that begins none of them is not valid.
  struct Known {
    Level fallback = Level::kError;
    std::span<const std::string> targets = {};
  };
  static ParsedFilter parse(std::string_view spec, const Known& known);
  static ParsedFilter parse(std::string_view spec);

  // The chattiest level of this target that may pass.
  Level threshold(std::string_view target) const;
  // Whether the line's text has to be looked at as well.
  bool has_expression() const { return expression_ != nullptr; }
  // Whether the expression, if any, is found in the first 512 bytes of the text.
  bool passes(std::string_view text) const;

 private:
  struct Directive {
    std::string prefix;
    Level level;
  };
  struct Expression;

  LogFilter() = default;
  // The level or the target that does not exist; empty if "LEVEL", "target" or "target=LEVEL" made
  // sense.
  std::string_view add(std::string_view directive, std::span<const std::string> targets);
  void set(std::string_view prefix, Level level);

  std::vector<Directive> directives_;
  std::shared_ptr<const Expression> expression_;
};

struct ParsedFilter {
  LogFilter filter;
  std::string warning;               // for people; empty if all of it made sense
  std::vector<std::string> unknown;  // levels and targets that were left out
};

}  // namespace throttle::telemetry
