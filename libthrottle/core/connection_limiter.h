// How many connections one client may have at a time.
//
//   ConnectionLimiter limiter({.max_per_client = 10});
//   auto permit = limiter.accept(address);      // keep it as long as the connection
//   if (!permit) close(connection);             // one too many
//
// A client is an IPv4 address or an IPv6 network (a household has a /64 of them). Connections are
// counted by move-only permits, so a place cannot be given back twice or forgotten.
// Lowering a limit closes nobody: the open connections count, and new ones are refused until enough
// of them are gone. After go-connlimit, which limits by address alone.
//
// Threads: all member functions and the permits may be used by any thread at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ip_network.h"

namespace throttle {

class ConnectionLimiter {
 public:
  static constexpr std::size_t kUnlimited = SIZE_MAX;

  // A network whose clients have a limit of their own; kUnlimited exempts them.
  struct Override {
    IpNetwork network;
    std::size_t max_per_client = kUnlimited;
    bool operator==(const Override&) const = default;
  };

  struct Config {
    std::size_t max_per_client = kUnlimited;
    unsigned v4_prefix_bits = 32;  // addresses that share this number of first bits are one client
    unsigned v6_prefix_bits = 64;
    std::vector<Override> overrides = {};  // of several that contain a client the narrowest counts

    // The client that an address belongs to, by its first address.
    IpAddress client_of(const IpAddress& address) const;
    // The narrowest override that contains the address; null if there is none.
    const Override* override_of(const IpAddress& address) const;
    bool operator==(const Config&) const = default;
  };

  // The right to one connection, given back by its destructor. The limiter outlives it.
  class Permit {
   public:
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit();

   private:
    friend class ConnectionLimiter;
    Permit(ConnectionLimiter& limiter, std::uint32_t client)
        : limiter_(&limiter), client_(client) {}

    ConnectionLimiter* limiter_;
    std::uint32_t client_;
  };

  ConnectionLimiter();  // no limit
  explicit ConnectionLimiter(Config config);
  // Every permit has been given back.
  ~ConnectionLimiter();
  ConnectionLimiter(const ConnectionLimiter&) = delete;
  ConnectionLimiter& operator=(const ConnectionLimiter&) = delete;

  // A permit, or nothing if the client has as many as it may. Nothing reveals the limits in force.
  std::optional<Permit> accept(const IpAddress& address);

  // For connections that come from now on. Open ones stay counted for the client as it was grouped
  // when they came.
  void set_config(Config config);
  Config config() const;

  // Of the client that this address belongs to.
  std::size_t open_count(const IpAddress& address) const;
  // Of all clients.
  std::size_t open_count() const;

 private:
  struct State;
  void give_back(std::uint32_t client) noexcept;

  mutable std::mutex mutex_;
  std::unique_ptr<State> state_;  // guarded by mutex_
};

}  // namespace throttle
