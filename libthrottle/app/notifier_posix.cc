// No connection is kept: systemd may be restarted, and its socket with it.
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libthrottle/app/notifier.h"
#include "libthrottle/core/check.h"

namespace throttle::app {

namespace {

enum class Sent { kDone, kFull, kFailed };

Sent send_datagram(const NotifyAddress& to, std::string_view message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t offset = to.is_abstract ? 1 : 0;
  THROTTLE_CHECK(to.path.size() + offset < sizeof(address.sun_path));
  std::memcpy(&address.sun_path[offset], to.path.data(), to.path.size());
  // An abstract name has no end: each byte of the length counts.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + offset +
                                             to.path.size() + (to.is_abstract ? 0 : 1));
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  if (socket < 0) return Sent::kFull;  // no descriptor now
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  const ssize_t sent = sendto(socket, message.data(), message.size(), MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&address), length);
  const bool is_full = sent < 0 && (errno == EAGAIN || errno == ENOBUFS);
  close(socket);
  if (sent >= 0) return Sent::kDone;
  return is_full ? Sent::kFull : Sent::kFailed;
}

}  // namespace

void Notifier::send(std::string_view message) noexcept {
  kept_ = notify::merged(kept_, message);
  retry();
}

void Notifier::retry() noexcept {
  if (kept_.empty()) return;
  if (send_datagram(address_, kept_) != Sent::kFull) kept_.clear();
}

}  // namespace throttle::app
