// GET /leases: who holds and who awaits each semaphore, since when, for people and their scripts.
#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "libthrottle/lease/door_state.h"
#include "libthrottle/lease/request_line.h"
#include "libthrottle/lease/routes.h"

namespace throttle::lease {

using http::Call;
using Json = nlohmann::json;
using Door = LeaseDoor::State;

namespace {

// One semaphore as it is told. The views are the ledger's: valid until it changes.
struct Holding {
  std::vector<std::pair<TimePoint, Json>> held;
  std::unordered_map<PeerId, Json> waiting;
};

using Holdings = std::map<std::string_view, Holding>;

std::int64_t ms_since(TimePoint then, TimePoint now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count();
}

Json entry(const PeerState& peer, const LeaseState& lease) {
  Json entry{{"peer", peer.id}, {"count", lease.count}, {"client", peer.address.to_string()}};
  if (!peer.label.empty()) entry["label"] = peer.label;
  return entry;
}

Holdings holdings_of(const LeaseLedger& ledger, TimePoint now) {
  Holdings holdings;
  ledger.visit_peers([&](const PeerState& peer) {
    for (const LeaseState& lease : peer.leases) {
      Json held = entry(peer, lease);
      held["held_ms"] = ms_since(lease.since, now);
      holdings[lease.semaphore].held.emplace_back(lease.since, std::move(held));
    }
    if (!peer.pending) return;
    Json waits = entry(peer, *peer.pending);
    waits["waited_ms"] = ms_since(peer.pending->since, now);
    holdings[peer.pending->semaphore].waiting.emplace(peer.id, std::move(waits));
  });
  return holdings;
}

// Who has held it longest stands first, as does who is served next.
Json to_json(const LeaseLedger& ledger, const SemaphoreState& semaphore, Holding holding) {
  auto held = Json::array();
  std::stable_sort(holding.held.begin(), holding.held.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [since, lease] : holding.held)
    held.push_back(std::move(lease));

  auto waiting = Json::array();
  for (const PeerId peer : ledger.queue(semaphore.name)) {
    Json& waits = waiting.emplace_back(std::move(holding.waiting.at(peer)));
    waits["place"] = waiting.size();
  }
  return {{"name", semaphore.name},
          {"max", semaphore.full_count},
          {"held", std::move(held)},
          {"waiting", std::move(waiting)}};
}

Reply leases(Door& door, const Call& call) {
  std::optional<std::string> only;
  if (auto refusal = read_query(call.request.query, {{"semaphore", &only}})) return refusal;
  door.ledger.advance(call.now);
  if (only && !door.ledger.semaphore(*only)) return unknown_semaphore(*only);

  Holdings holdings = holdings_of(door.ledger, call.now);
  auto list = Json::array();
  for (const SemaphoreState& semaphore : door.ledger.semaphores()) {
    if (only && *only != semaphore.name) continue;
    list.push_back(to_json(door.ledger, semaphore, std::move(holdings[semaphore.name])));
  }
  return json(200, Json{{"semaphores", std::move(list)}}.dump());
}

constexpr std::array kRoutes = {Route{http::Method::kGet, "/leases", leases}};

}  // namespace

std::span<const Route> view_routes() {
  return kRoutes;
}

}  // namespace throttle::lease
