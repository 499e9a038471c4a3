// Log lines that clients can trigger: the first one of each cause is written as it is, those of
// that cause that follow within the interval are counted, and when it is over one line says how
// many were suppressed, with the fields of the newest of them.
//
// A cause is what a reader has to know apart, such as the reason and the semaphore. Clients may
// invent causes, so a line knows kMostCauses at a time; all beyond them count as one.
//
// A LimitedLine belongs to a LimitedLines, which has the one timer for all of them. A line arms it
// by itself when it suppresses something, so that no owner of a line can forget to: the summary
// also comes in a process in which nothing else happens.
// Threads: the loop's, which is the logger's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libthrottle/core/time.h"
#include "libthrottle/telemetry/log.h"
#include "libthrottle/uv/timer.h"

namespace throttle::telemetry {

class LimitedLine;

class LimitedLines {
 public:
  // The loop outlives it, and so do the loggers of all its lines.
  explicit LimitedLines(uv::Loop& loop);
  // All its lines are gone.
  ~LimitedLines();
  LimitedLines(const LimitedLines&) = delete;
  LimitedLines& operator=(const LimitedLines&) = delete;

  // Writes the summaries that are due at `now`.
  void advance(TimePoint now) noexcept;
  // Writes all summaries, due or not: before the log is closed.
  void flush(TimePoint now) noexcept;
  // When advance() next has a summary to write; kNever if nothing was suppressed.
  TimePoint next_deadline() const;

 private:
  friend class LimitedLine;
  void add(LimitedLine& line);
  void remove(LimitedLine& line) noexcept;
  void on_due();

  std::vector<LimitedLine*> lines_;
  uv::Timer timer_;
};

class LimitedLine {
 public:
  // `message` is static text. `lines` outlives it.
  LimitedLine(LimitedLines& lines, Log log, Level level, std::string_view message,
              Duration interval = std::chrono::seconds(10));
  ~LimitedLine();
  LimitedLine(const LimitedLine&) = delete;
  LimitedLine& operator=(const LimitedLine&) = delete;

  static constexpr std::size_t kMostCauses = 64;

  void write(TimePoint now, Fields fields, std::string_view cause = {}) noexcept;

 private:
  friend class LimitedLines;

  // A field with a text of its own.
  struct KeptField {
    std::string_view key;  // static
    std::variant<std::string, std::int64_t, std::uint64_t> value;
  };
  struct Cause {
    TimePoint quiet_until = TimePoint::min();
    std::uint64_t suppressed = 0;
    std::vector<KeptField> newest = {};  // of those that were suppressed
  };
  static KeptField kept(const Field& field);
  static Field shown(const KeptField& kept);
  using Causes = std::map<std::string, Cause, std::less<>>;

  // The summaries, `message suppressed=N` and the newest fields, that are due. Forgets causes that
  // are quiet no more.
  void advance(TimePoint now) noexcept;
  void flush(TimePoint now) noexcept;
  void sum_up(Cause& cause, TimePoint now) noexcept;
  Cause& find_or_add(std::string_view cause);
  TimePoint next_deadline() const;

  LimitedLines& lines_;
  Log log_;
  Level level_;
  std::string_view message_;
  Duration interval_;
  Causes causes_;  // those that were written within the interval
};

}  // namespace throttle::telemetry
