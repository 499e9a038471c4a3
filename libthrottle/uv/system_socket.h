// A connection as the system names it, a descriptor or on Windows a SOCKET: for a program that
// serves it by other means than this library.
//
//   uv_tcp_open(&tcp, static_cast<uv_os_sock_t>(socket.release()));
//
// Threads: values only.
#pragma once

#include <cstdint>
#include <utility>

namespace throttle::uv {

class SystemSocket {
 public:
  using Number = std::intptr_t;

  explicit SystemSocket(Number number) : number_(number) {}
  SystemSocket(SystemSocket&& other) noexcept : number_(std::exchange(other.number_, kNone)) {}
  SystemSocket& operator=(SystemSocket&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  // Closes the connection, unless it was released.
  ~SystemSocket();

  // From now on the caller owns it. Once.
  [[nodiscard]] Number release();

 private:
  static constexpr Number kNone = -1;
  Number number_;
};

}  // namespace throttle::uv
