// Listening sockets that a service manager has opened for this process: TcpListener uses one of
// these instead of a socket of its own where the address is the same.
//
// A name stands for its sockets as a place to listen on, which listen_on_each() understands. The
// descriptors stay open as long as the process, and each listener has a duplicate: a listener can
// close and come back, and clients that connect meanwhile wait.
// Threads: the loop's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"

namespace throttle::uv {

class HandedSockets {
 public:
  // Adds listening sockets under a name. Errors: kUnavailable if one has neither an address of IP
  // nor the path of a Unix socket; kInvalidArgument if two have the same, because clients would be
  // lost in the second one.
  Result<void> add(std::string_view name, std::span<const int> descriptors);

  // Where to listen to have the sockets of this name. No host that people can write is like it.
  static HostPort place(std::string_view name);
  static bool is_place(const HostPort& where);

  // The addresses of IP of a place(); empty if no such socket has that name.
  std::vector<SocketAddress> addresses(const HostPort& where) const;
  // The same as places of their own, one for each socket of this name.
  std::vector<HostPort> places(std::string_view name) const;
  // Error kInvalidArgument: one of this name is a Unix socket, and HTTP is served by TCP only.
  Result<void> check_for_http(std::string_view name) const;
  std::optional<int> find(const Endpoint& where) const;

 private:
  struct Socket {
    std::string name;
    Endpoint where;
    int descriptor;
  };
  std::vector<Socket> sockets_;
};

}  // namespace throttle::uv
