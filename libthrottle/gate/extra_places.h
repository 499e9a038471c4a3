// Which clients have a place, and which of their further connections may have an extra one.
//
// Some clients need a second connection to get rid of the first, and would wait for themselves for
// ever: psql's Ctrl+C, a pool that opens two. A client that has a place may have a few extra ones,
// of a semaphore of their own, so that no more than both have room for reach the service.
// Invariant: a visitor is counted for the client that it was when it was first moved here, in one
// share at a time. Threads: the gate's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

#include "libthrottle/core/hash.h"
#include "libthrottle/gate/visitor.h"

namespace throttle::gate {

class ExtraPlaces {
 public:
  // `options` are those in force whenever something is decided; they outlive it.
  explicit ExtraPlaces(const Options& options) : options_(options) {}

  // To Share::kNone: it is forgotten, if it was known.
  void move(Visitor& visitor, Share to);
  // Whether the client has a place, and fewer extra ones than it may.
  bool has_right(const Visitor& visitor) const;
  // Of the visitors that wait and whose client has a right, the first one that `may_move`; by
  // client, in the order of their first ones. Null if there is none.
  Visitor* find_entitled(const std::function<bool(const Visitor&)>& may_move) const;
  // The options have changed.
  void on_options_changed();

 private:
  struct Client {
    std::size_t places = 0;
    std::size_t extras = 0;
    std::map<std::uint64_t, Visitor*> waiting;  // in the order in which they came
    std::uint64_t entitled_as = 0;              // its key in entitled_; 0: it is not there
  };

  IpAddress client_of(const Visitor& visitor) const;
  bool has_right(const Client& client) const;
  void update_entitled(const IpAddress& key, Client& client);

  const Options& options_;
  std::unordered_map<IpAddress, Client, IpAddressHash> clients_;
  // Those that have a right and wait, by the number of the first one that waits.
  std::map<std::uint64_t, IpAddress> entitled_;
  std::uint64_t next_number_ = 1;
};

}  // namespace throttle::gate
