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

  // Never fails: a part that makes no sense is left out and told in the warning. Without any
  // sensible part only errors pass, as env_logger has it.
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
  // Whether "LEVEL", "target" or "target=LEVEL" made sense.
  bool add(std::string_view directive);
  bool set(std::string_view prefix, Level level);

  std::vector<Directive> directives_;
  std::shared_ptr<const Expression> expression_;
};

struct ParsedFilter {
  LogFilter filter;
  std::string warning;  // for people; empty if all of it made sense
};

}  // namespace throttle::telemetry
