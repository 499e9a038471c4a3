// The rules of opening a journal: what is made, continued, set aside, refused, or tried again.
//
// Nothing that is not ours is ever written to: the first bytes of a file decide before SQLite
// opens it. Threads: those of the writer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libthrottle/journal/database.h"
#include "libthrottle/journal/settings.h"
#include "libthrottle/journal/store.h"

namespace throttle::journal {

// The lock that keeps a second writer away: an empty database beside the journal, NAME-writer,
// whose exclusive lock is held as long as the object lives. Checkpoints and readers never meet it.
class WriterLock {
 public:
  WriterLock() = default;
  // An error of code SQLITE_BUSY: another writer has it.
  static SqlResult<WriterLock> take(const std::string& path, const char* vfs);
  bool is_held() const { return database_.is_open(); }

 private:
  Database database_;
};

struct OpeningOptions {
  std::string path;
  std::string name;
  Durability durability = Durability::kPower;
  const char* vfs = nullptr;
  Integer wall_us = 0;   // now
  bool suspect = false;  // the file was found damaged: it is checked whatever its size
};

// Exactly one of `store`, `refusal` and `failure` is there.
struct Opening {
  std::unique_ptr<Store> store;
  Continuation continuation;         // of the store
  std::optional<std::string> aside;  // a corrupt file was renamed to this first
  std::string refusal;               // never to be tried again: a message for people
  std::optional<SqlError> failure;   // may pass: try again later
};

// `path` is not open in this process.
Opening open_journal(const OpeningOptions& options);

// Why this process must not write there although nobody else does; empty if it may.
std::string refusal_of(const std::string& path);

// Which process wrote the last run of a journal that somebody else has open; absent if unknown.
std::optional<Integer> writing_process(const std::string& path);

// Whether an error says that the file itself is damaged.
bool is_corruption(const SqlError& error);

}  // namespace throttle::journal
