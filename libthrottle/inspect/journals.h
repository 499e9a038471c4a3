// The journals that a command asks: opened, each with the name of its server, and what people call
// a peer. Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/inspect/command.h"
#include "libthrottle/journal/queries.h"

namespace throttle::inspect {

struct OpenJournal {
  journal::Reader reader;
  std::string server;  // its name
};

// All of them, or the error of the first that cannot be read.
Result<std::vector<OpenJournal>> open_journals(const Context& context);

// `columns` behind the column SERVER, which people see if there are several files.
Columns with_server(const std::vector<OpenJournal>& journals, Columns columns);

// The number of the last event that belongs before the moment: those up to it are "until", those
// after it "since".
Result<std::int64_t> seq_before(OpenJournal& journal, const Moment& moment);
// The same of --at: what had happened at the moment.
Result<std::int64_t> seq_of(OpenJournal& journal, const Moment& moment);
// The range of --since and --until.
Result<journal::SeqRange> asked_range(const Context& context, OpenJournal& journal);

// The same as times, for what has no number.
struct TimeRange {
  std::int64_t from_us = 0;
  std::int64_t to_us = INT64_MAX;
  bool overlaps(std::int64_t begin_us, std::int64_t end_us) const {
    return end_us >= from_us && begin_us <= to_us;
  }
};
Result<TimeRange> asked_times(const Context& context, OpenJournal& journal);

// A name in which "*" is any text: all of `text` must match.
bool matches(std::string_view pattern, std::string_view text);

// "10.0.0.7" of "10.0.0.7:52114", "::1" of "[::1]:80"; a client without a port stays as it is.
std::string_view host_of(std::string_view client);

// A peer as people name it: its id, "client:10.0.0.9", "label:nightly*".
class PeerPattern {
 public:
  // Error kInvalidArgument.
  static Result<PeerPattern> parse(std::string_view text);
  // `client` may have a port, which needs no match.
  bool accepts(std::uint64_t id, std::string_view client, std::string_view label) const;

 private:
  enum class Is : std::uint8_t { kId, kClient, kLabel };
  Is is_ = Is::kId;
  std::uint64_t id_ = 0;
  std::string text_;
};

}  // namespace throttle::inspect
