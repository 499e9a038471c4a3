// A journal opened for reading: by the inspection tool, beside the server that writes it.
//
// Files are not trusted: nothing out of their schema runs. Reading is done in slices, each a short
// transaction, so that a reader never keeps a checkpoint from its work. Threads: one at a time.
#pragma once

#include <string>

#include "libthrottle/core/result.h"
#include "libthrottle/journal/database.h"

namespace throttle::journal {

class Reader {
 public:
  // Errors: kNotFound; kInvalidArgument, it is no journal, or of a newer version; kUnavailable,
  // SQLite cannot read it.
  static Result<Reader> open(const std::string& path);

  Database& database() { return database_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Database database_;
};

// The message for people of a failure while reading.
Error reading_error(const std::string& path, const SqlError& error);

}  // namespace throttle::journal
