// Sends datagrams to one address and forgets them. It never blocks and keeps nothing: what the
// system does not take at once is lost, and the caller is notified.
// Threads: the loop's.
#pragma once

#include <string_view>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/uv/box.h"

namespace throttle::uv {

class Loop;

class UdpSocket {
 public:
  // Opens nothing yet: all that can go wrong goes wrong in send(), and may go well the next time.
  UdpSocket(Loop& loop, const SocketAddress& target);
  ~UdpSocket();
  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;

  // One datagram, of at most 65,507 bytes and better no more than fit the network's packets. Errors
  // name the target if it was not sent: kExhausted without a descriptor, kUnavailable if the
  // system's buffer is full, there is no route, it is too long. Success does not mean that anybody
  // gets it.
  Result<void> send(std::string_view datagram);

 private:
  struct Box;
  BoxOwner<Box> box_;
};

}  // namespace throttle::uv
