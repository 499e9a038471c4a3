// A file system for SQLite that counts its calls and fails those that a test wants to fail, holds
// one of them still, and knows what a power loss would leave.
//
// It hands everything on to the system's own. One test at a time: the plan is the process's.
// Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace throttle::journal {

class FaultyVfs {
 public:
  // kStuck: the call does not come back before heal(), and then does what it should.
  enum class Fault : std::uint8_t { kFull, kIoError, kBusy, kStuck };
  enum class Length : std::uint8_t { kOnce, kForever };

  // Registers itself; name() is for the options of the writer.
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  static const char* name();

  // The `nth` call from now on, from 1, fails; 0: none.
  void fail(std::uint64_t nth, Fault fault, Length length);
  void heal() { fail(0, Fault::kFull, Length::kOnce); }
  // Opens, reads, writes, truncations, syncs, deletions, questions for the size, locks and calls
  // for shared memory since the last fail().
  std::uint64_t calls() const;
  // How many of them failed.
  std::uint64_t failures() const;
  // Whether a call is held still now.
  bool is_stuck() const;

  // From now on what is written and not synced is noted, of each file that is opened.
  void begin_to_note();
  // What a power loss would leave of the files whose paths begin with `path`, at the same place in
  // front of which `copy` stands instead: what was synced, and of the rest, as a disk may, an
  // arbitrary part. One seed is one part; 0 leaves nothing of it.
  void lose_power(const std::string& path, const std::string& copy, std::uint64_t seed) const;
};

}  // namespace throttle::journal
