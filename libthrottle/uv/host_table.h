// The addresses of the hosts that a program listens on, looked up before it begins to listen.
//
// Listening itself never looks a name up, so neither a silent name server nor a want of descriptors
// keeps a program that runs already from going on: it reads its new configuration, begins
// HostLookups, and listens once they are done. At its start it may wait: look_up_hosts().
// Threads: HostTable values only, HostLookups the loop's, look_up_hosts() any.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/resolver.h"

namespace throttle::uv {

class HostTable {
 public:
  // What was found for the host, with the port of `where`: addresses, or the error of its look-up.
  // Numeric hosts and localhost are always known; of another host that was not looked up the error
  // says so.
  Result<Addresses> find(const HostPort& where) const;
  bool has(const std::string& host) const { return hosts_.contains(host); }
  // Replaces what was known.
  void set(std::string host, Result<ResolvedHost> found);

 private:
  std::map<std::string, Result<ResolvedHost>> hosts_;
};

// Whether one of the hosts is known only to the system.
bool needs_look_up(std::span<const HostPort> hosts);

// Looks several hosts up at the same time. Destroying it drops the answers.
class HostLookups {
 public:
  using OnDone = Callback<void(HostTable)>;

  // Begins. `on_done` is called once, in a later turn of the loop, when all have an answer or
  // `limit` is over; it may destroy the object as the last thing it does. Empty hosts, which mean
  // all addresses of the machine, are left out.
  HostLookups(Loop& loop, std::span<const HostPort> hosts, OnDone on_done, Duration limit);
  ~HostLookups();
  HostLookups(const HostLookups&) = delete;
  HostLookups& operator=(const HostLookups&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same, and blocks until it is done. Needs a loop of its own only if one of the hosts has to be
// looked up; where there are no descriptors for that, the table has the error for each host.
HostTable look_up_hosts(std::span<const HostPort> hosts, Duration limit);

}  // namespace throttle::uv
