// What is deleted from a journal, and when: rows that are too old, or the oldest ones while the
// file or the volume has too little room. Whole batches go, oldest first, in slices; the file keeps
// where its chain begins and which settings were in force there.
// Threads: the writer's.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "libthrottle/journal/database.h"
#include "libthrottle/journal/rows.h"
#include "libthrottle/journal/settings.h"

namespace throttle::journal {

struct RetentionLimits {
  Duration keep = kForever;
  Integer max_bytes = 0;
  Integer free_bytes = 0;
};

class Retention {
 public:
  Retention(std::string path, RetentionLimits limits) : path_(std::move(path)), limits_(limits) {}
  void set_limits(const RetentionLimits& limits) { limits_ = limits; }

  // Deletes at most one slice, and gives pages back; returns how many events went. Outside a
  // transaction.
  SqlResult<Integer> prune(Database& database, Integer now_us);

  // How large the WAL is now.
  Integer measure_wal() const;
  // As of the last prune().
  Integer used_bytes() const { return used_bytes_; }
  Integer wal_bytes() const { return wal_bytes_; }
  Integer oldest_us() const { return oldest_us_; }  // 0: no batch

 private:
  struct Cut {  // the last batch that goes
    Integer batch_no = 0;
    Integer seq = 0;
    Integer peer_no = 0;
    Integer connection_no = 0;
    Integer refusal_no = 0;
    Integer committed_us = 0;
  };
  struct PeerLimit {
    Integer cut_us = 0;
    Integer peer_no = 0;
  };

  SqlResult<bool> lacks_room(Database& database);
  SqlResult<Cut> find_cut(Database& database, Integer now_us, bool lacks_room);
  SqlResult<Integer> delete_to(Database& database, const Cut& cut);
  SqlResult<void> keep_settings(Database& database, Integer pruned_seq, Integer seq);
  SqlResult<void> delete_rows(Database& database, const Cut& cut, Integer peer_no);

  std::string path_;
  RetentionLimits limits_;
  Integer used_bytes_ = 0;
  Integer free_pages_ = 0;
  Integer pages_ = 0;
  Integer wal_bytes_ = 0;
  Integer oldest_us_ = 0;
  std::deque<PeerLimit> peers_;  // peers may be referred to for a day after their batch was cut
};

}  // namespace throttle::journal
