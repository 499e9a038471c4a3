#include "libthrottle/core/connection_limiter.h"

#include <algorithm>
#include <utility>

#include <tsl/robin_map.h>

#include "libthrottle/core/check.h"
#include "libthrottle/core/hash.h"
#include "libthrottle/core/slab.h"

namespace throttle {

namespace {

struct Client {
  IpAddress address;
  std::size_t open = 0;
};

}  // namespace

struct ConnectionLimiter::State {
  IpAddress client_of(const IpAddress& address) const {
    return masked(address, address.is_v4() ? config.v4_prefix_bits : config.v6_prefix_bits);
  }

  // The narrowest override that contains the address, or the common limit.
  std::size_t limit_of(const IpAddress& address) const {
    const auto match =
        std::find_if(config.overrides.begin(), config.overrides.end(),
                     [&](const Override& each) { return each.network.contains(address); });
    return match == config.overrides.end() ? config.max_per_client : match->max_per_client;
  }

  void set(Config wanted) {
    std::stable_sort(wanted.overrides.begin(), wanted.overrides.end(),
                     [](const Override& a, const Override& b) {
                       return a.network.prefix_bits() > b.network.prefix_bits();
                     });
    config = std::move(wanted);
  }

  Config config;
  Slab<Client> clients;
  tsl::robin_map<IpAddress, std::uint32_t, IpAddressHash> by_address;
  std::size_t open = 0;
};

ConnectionLimiter::Permit::Permit(Permit&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)), client_(other.client_) {}

ConnectionLimiter::Permit& ConnectionLimiter::Permit::operator=(Permit&& other) noexcept {
  std::swap(limiter_, other.limiter_);
  std::swap(client_, other.client_);
  return *this;
}

ConnectionLimiter::Permit::~Permit() {
  if (limiter_ != nullptr) limiter_->give_back(client_);
}

ConnectionLimiter::ConnectionLimiter() : ConnectionLimiter(Config{}) {}

ConnectionLimiter::ConnectionLimiter(Config config) : state_(std::make_unique<State>()) {
  state_->set(std::move(config));
}

ConnectionLimiter::~ConnectionLimiter() {
  THROTTLE_CHECK(state_->open == 0);
}

std::optional<ConnectionLimiter::Permit> ConnectionLimiter::accept(const IpAddress& address) {
  const std::lock_guard lock(mutex_);
  State& state = *state_;
  const std::size_t limit = state.limit_of(address);
  if (limit == 0) return std::nullopt;
  const IpAddress client = state.client_of(address);
  const auto [entry, added] = state.by_address.try_emplace(client, 0);
  if (added) {
    entry.value() = state.clients.allocate();
    state.clients[entry->second] = {client, 0};
  }
  Client& found = state.clients[entry->second];
  if (found.open >= limit) return std::nullopt;
  ++found.open;
  ++state.open;
  return Permit(*this, entry->second);
}

void ConnectionLimiter::give_back(std::uint32_t client) noexcept {
  const std::lock_guard lock(mutex_);
  State& state = *state_;
  --state.open;
  if (--state.clients[client].open > 0) return;
  state.by_address.erase(state.clients[client].address);
  state.clients.release(client);
}

void ConnectionLimiter::set_config(Config config) {
  const std::lock_guard lock(mutex_);
  state_->set(std::move(config));
}

ConnectionLimiter::Config ConnectionLimiter::config() const {
  const std::lock_guard lock(mutex_);
  return state_->config;
}

std::size_t ConnectionLimiter::open_count(const IpAddress& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = state_->by_address.find(state_->client_of(address));
  return found == state_->by_address.end() ? 0 : state_->clients[found->second].open;
}

std::size_t ConnectionLimiter::open_count() const {
  const std::lock_guard lock(mutex_);
  return state_->open;
}

}  // namespace throttle
