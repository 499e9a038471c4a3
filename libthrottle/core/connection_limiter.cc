// The limiter's table of clients, each with its count, under one mutex. A client without
// connections has no entry.
#include "libthrottle/core/connection_limiter.h"

#include <algorithm>
#include <utility>

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
  Config config;
  Slab<Client> clients;
  std::unordered_map<IpAddress, std::uint32_t, IpAddressHash> by_address;
  std::size_t open = 0;
};

IpAddress ConnectionLimiter::Config::client_of(const IpAddress& address) const {
  return masked(address, address.is_v4() ? v4_prefix_bits : v6_prefix_bits);
}

// Of several overrides of one network, the first.
const ConnectionLimiter::Override* ConnectionLimiter::Config::override_of(
    const IpAddress& address) const {
  const Override* narrowest = nullptr;
  for (const Override& each : overrides) {
    const bool is_narrower =
        narrowest == nullptr || each.network.prefix_bits() > narrowest->network.prefix_bits();
    if (is_narrower && each.network.contains(address)) narrowest = &each;
  }
  return narrowest;
}

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
  state_->config = std::move(config);
}

ConnectionLimiter::~ConnectionLimiter() {
  THROTTLE_CHECK(state_->open == 0);
}

std::optional<ConnectionLimiter::Permit> ConnectionLimiter::accept(const IpAddress& address) {
  const std::lock_guard lock(mutex_);
  State& state = *state_;
  const Override* const own = state.config.override_of(address);
  const std::size_t limit = own == nullptr ? state.config.max_per_client : own->max_per_client;
  if (limit == 0) return std::nullopt;
  const IpAddress client = state.config.client_of(address);
  const auto [entry, added] = state.by_address.try_emplace(client, 0);
  if (added) {
    entry->second = state.clients.allocate();
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
  THROTTLE_CHECK(state.open > 0 && state.clients[client].open > 0);
  --state.open;
  if (--state.clients[client].open > 0) return;
  state.by_address.erase(state.clients[client].address);
  state.clients.release(client);
}

void ConnectionLimiter::set_config(Config config) {
  const std::lock_guard lock(mutex_);
  state_->config = std::move(config);
}

ConnectionLimiter::Config ConnectionLimiter::config() const {
  const std::lock_guard lock(mutex_);
  return state_->config;
}

std::size_t ConnectionLimiter::open_count(const IpAddress& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = state_->by_address.find(state_->config.client_of(address));
  return found == state_->by_address.end() ? 0 : state_->clients[found->second].open;
}

std::size_t ConnectionLimiter::open_count() const {
  const std::lock_guard lock(mutex_);
  return state_->open;
}

}  // namespace throttle
