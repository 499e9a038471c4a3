// What the rows of a journal say is held and awaited: replayed in the plainest way.
// Threads: one at a time.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "libthrottle/journal/rows.h"
#include "tests/testing/ledger_picture.h"

namespace throttle::journal {

class Replay {
 public:
  // Takes the next batch. What does not fit together is named in violation().
  void take(const Rows& rows);
  const std::string& violation() const { return violation_; }
  Integer last_seq() const { return last_seq_; }
  std::size_t missing() const { return missing_; }

  // One line for each lease and wait, sorted; as of a ledger's picture.
  std::vector<std::string> lines() const;
  static std::vector<std::string> lines_of(const testing::LedgerPicture& picture);

 private:
  struct Entry {
    std::uint64_t peer = 0;
    std::string semaphore;
    Integer count = 0;
    Integer token = 0;
    bool waits = false;
    Integer at_us = 0;
  };
  void take(const EventRow& row);
  void end(const EventRow& row);
  void begin(const EventRow& row, bool waits);
  void accuse(const EventRow& row, const std::string& what);

  std::map<Integer, Entry> open_;  // by the number of the beginning
  std::map<Integer, std::uint64_t> peers_;
  std::map<Integer, std::string> semaphores_;
  std::map<Integer, Integer> live_;  // since_seq -> count, as the table has it
  Integer last_seq_ = 0;
  std::size_t missing_ = 0;
  bool in_gap_ = false;
  std::string violation_;
};

}  // namespace throttle::journal
