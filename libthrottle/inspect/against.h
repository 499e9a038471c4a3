// A journal against the counters of the server that writes it: the last rule of `verify`.
//
// A server goes on while its file is read. So its counters are read before and after: what the file
// has of each lies between the two. Threads: the main one.
#pragma once

#include <cstdint>
#include <string>

#include "libthrottle/core/result.h"
#include "libthrottle/inspect/picture.h"
#include "libthrottle/inspect/server.h"
#include "libthrottle/journal/verifier.h"

namespace throttle::inspect {

class Against {
 public:
  // Reads the counters, and waits until what they count is in the file `path`. Errors: the server
  // cannot be reached, writes another file or none, or does not get its events written in time.
  static Result<Against> before(const ServerPlace& place, const std::string& path);
  // Reads them again and compares: what differs is added to the report as a violation, and what
  // cannot be compared as a reservation.
  Result<void> compare(const ServerPlace& place, journal::Report& report) const;

 private:
  std::uint64_t run_ = 0;
  Samples samples_;
};

}  // namespace throttle::inspect
