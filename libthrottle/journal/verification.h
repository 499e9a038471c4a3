// Verifies a file: reads its batches in order, computes the chain, and feeds the verifier.
// Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/journal/verifier.h"

namespace throttle::journal {

// The end of the chain at some time, which somebody else kept.
struct KeptHead {
  std::int64_t batch_no = 0;
  std::int64_t seq = 0;
  std::string hash;  // 64 hexadecimal digits
};

// "N:SEQ:HEX", as an argument.
Result<KeptHead> parse_head(std::string_view text);
// A line of a log with "journal head batch=N seq=N hash=HEX" anywhere in it.
std::optional<KeptHead> head_of_line(std::string_view line);

struct VerificationOptions {
  std::vector<KeptHead> heads;
  bool quick_check = true;  // SQLite's own check of the whole file first
};

// An error: the file cannot be read at all. What is wrong in it is in the report.
Result<Report> verify_file(const std::string& path, const VerificationOptions& options);

}  // namespace throttle::journal
