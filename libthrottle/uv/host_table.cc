// Look-ups for listening: a table of answers, and all look-ups of a configuration at once.
#include "libthrottle/uv/host_table.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {
namespace {

// The names among `hosts` that the system has to be asked for, each once.
std::vector<std::string> names_in(std::span<const HostPort> hosts) {
  std::vector<std::string> names;
  for (const HostPort& each : hosts) {
    const bool is_listed = std::ranges::find(names, each.host) != names.end();
    if (!each.host.empty() && !is_listed && !known_host(each)) names.push_back(each.host);
  }
  return names;
}

}  // namespace

Result<Addresses> HostTable::find(const HostPort& where) const {
  auto answer = known_host(where);
  if (const auto found = hosts_.find(where.host); !answer && found != hosts_.end())
    answer = found->second;
  if (!answer) {
    return throttle::fail(ErrorCode::kUnavailable,
                          "cannot look up the host " + where.host + ": it was not looked up");
  }
  if (!*answer) return tl::unexpected(answer->error());
  Addresses addresses = (*answer)->addresses;
  for (SocketAddress& address : addresses)
    address.port = where.port;
  return addresses;
}

void HostTable::set(std::string host, Result<ResolvedHost> found) {
  hosts_.insert_or_assign(std::move(host), std::move(found));
}

bool needs_look_up(std::span<const HostPort> hosts) {
  return !names_in(hosts).empty();
}

struct HostLookups::State {
  struct Lookup {
    Lookup(State& owner, std::string name, Duration limit)
        : state(owner),
          host(std::move(name)),
          resolver(state.loop, {host, 0}, bound<&Lookup::on_answer>(this), limit) {}
    void on_answer(Result<ResolvedHost> answer) {
      state.table.set(host, std::move(answer));
      THROTTLE_CHECK(state.pending > 0);
      if (--state.pending == 0) state.finish();
    }
    State& state;
    std::string host;
    Resolver resolver;
  };

  State(Loop& its_loop, std::span<const HostPort> hosts, OnDone callback, Duration limit)
      : loop(its_loop), on_done(callback) {
    for (std::string& name : names_in(hosts))
      lookups.push_back(std::make_unique<Lookup>(*this, std::move(name), limit));
    pending = lookups.size();
    if (pending == 0) next_turn.arm(TimePoint{});
  }

  void finish() {
    const OnDone callback = on_done;
    callback(std::move(table));
  }

  Loop& loop;
  OnDone on_done;
  HostTable table = {};
  Timer next_turn{loop, bound<&State::finish>(this)};  // if there is nothing to look up
  std::size_t pending = 0;
  std::vector<std::unique_ptr<Lookup>> lookups = {};
};

HostLookups::HostLookups(Loop& loop, std::span<const HostPort> hosts, OnDone on_done,
                         Duration limit)
    : state_(std::make_unique<State>(loop, hosts, on_done, limit)) {}
HostLookups::~HostLookups() = default;

HostTable look_up_hosts(std::span<const HostPort> hosts, Duration limit) {
  HostTable table;
  const auto names = names_in(hosts);
  if (names.empty()) return table;
  const auto loop = Loop::create();
  if (!loop) {
    for (const std::string& name : names)
      table.set(name, throttle::fail(loop.error().code, "cannot look up the host " + name + ": " +
                                                            loop.error().message));
    return table;
  }
  auto on_done = [&](HostTable found) {
    table = std::move(found);
    (*loop)->stop();
  };
  const HostLookups lookups(**loop, hosts, on_done, limit);
  (*loop)->run();
  return table;
}

}  // namespace throttle::uv
