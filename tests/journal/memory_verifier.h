// The verifier fed with rows as the bookkeeper makes them, without a file. Threads: one at a time.
#pragma once

#include <map>
#include <string>

#include "libthrottle/journal/rows.h"
#include "libthrottle/journal/verifier.h"

namespace throttle::journal {

class MemoryVerifier {
 public:
  void take(const Rows& rows);
  // The violations, a line each. The object is used up.
  std::string finish();

 private:
  Verifier verifier_{0};
  std::map<Integer, LiveRow> live_;
};

}  // namespace throttle::journal
