// A file system for SQLite that counts its calls and fails those that a test wants to fail.
//
// It hands everything on to the system's own. One test at a time: the plan is the process's.
// Threads: any.
#pragma once

#include <cstdint>

namespace throttle::journal {

class FaultyVfs {
 public:
  enum class Fault : std::uint8_t { kFull, kIoError, kBusy };
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
  // Writes, syncs, opens, locks and calls for shared memory since the last fail().
  std::uint64_t calls() const;
  // How many of them failed.
  std::uint64_t failures() const;
};

}  // namespace throttle::journal
