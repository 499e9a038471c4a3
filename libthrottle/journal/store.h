// The open file: writes the rows of a batch, with the chain's hash, in one transaction.
//
// The store is the only one that writes; what a batch says is the bookkeeper's. After a failed
// commit nothing of the batch is in the file, and the same rows can be committed again.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "libthrottle/journal/bookkeeper.h"
#include "libthrottle/journal/chain.h"
#include "libthrottle/journal/database.h"
#include "libthrottle/journal/rows.h"
#include "libthrottle/journal/settings.h"

namespace throttle::journal {

// The end of the chain: as the log says it, so that somebody else can keep it.
struct Head {
  Integer batch_no = 0;
  Integer seq = 0;
  Hash hash{};
};

class Store {
 public:
  // Prepares a database that is a journal: settings of the connection, views, statements.
  static SqlResult<std::unique_ptr<Store>> open(Database database, Durability durability);
  ~Store();

  // What the file says about where to go on.
  SqlResult<Continuation> read_continuation();
  const std::string& id() const { return id_; }
  const Head& head() const { return head_; }

  // Writes the rows as one batch.
  SqlResult<void> commit(const Rows& rows, Integer committed_us) noexcept;

  Database& database() { return database_; }
  // The last call: all of the WAL goes into the file, which is then one that can be copied and read
  // from read-only media, unless somebody reads it now.
  void close_for_copying() noexcept;

 private:
  struct Statements;

  explicit Store(Database database);
  SqlResult<void> configure(Durability durability);
  SqlResult<void> prepare();
  SqlResult<void> read_head();
  SqlResult<Hash> write(const Rows& rows, Integer committed_us) noexcept;
  SqlResult<void> write_names(const Rows& rows, RowBytes& bytes) noexcept;
  SqlResult<void> write_events(const Rows& rows, RowBytes& bytes) noexcept;
  SqlResult<void> write_ends(const Rows& rows, RowBytes& bytes) noexcept;
  SqlResult<void> write_live(const Rows& rows) noexcept;

  Database database_;
  std::unique_ptr<Statements> statements_;  // gone before the database
  std::string id_;
  Head head_;
  RowBytes bytes_;  // of the batch that is being written
};

}  // namespace throttle::journal
