// Unix: binds without libuv, which neither sees who listens at a file nor sets its permissions
// before anybody can connect.
//
// Two programs that find the same dead file at the same instant may remove each other's; the one
// that lost has a socket without a file. The system has no way that prevents it.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "libthrottle/core/address.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/unix_socket.h"

namespace throttle::uv {
namespace {

constexpr std::string_view kTaken =
    ". Another program listens there: stop it, or choose another path";

// Closes itself unless it is released.
class Descriptor {
 public:
  Descriptor() : number_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    if (number_ >= 0) fcntl(number_, F_SETFD, FD_CLOEXEC);
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// The path fits.
sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

int bind_to(int descriptor, const sockaddr_un& address) {
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  return bind(descriptor, name, sizeof(address)) == 0 ? 0 : errno;
}

std::optional<UnixSocketFile::Identity> identity_of(const char* path) {
  struct stat status {};
  if (lstat(path, &status) != 0) return std::nullopt;
  return UnixSocketFile::Identity{static_cast<std::uint64_t>(status.st_dev),
                                  static_cast<std::uint64_t>(status.st_ino)};
}

// 0 if nobody listens there, else why it is not known, or EADDRINUSE. A backlog that is full blocks
// those that do not ask for the opposite.
int probe(const sockaddr_un& address) {
  const Descriptor descriptor;
  if (descriptor.get() < 0) return errno;
  fcntl(descriptor.get(), F_SETFL, O_NONBLOCK);
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  if (connect(descriptor.get(), name, sizeof(address)) == 0) return EADDRINUSE;
  switch (errno) {
    case ECONNREFUSED:
    case ENOENT:
      return 0;
    case EAGAIN:
    case EINPROGRESS:
    case EPROTOTYPE:  // of datagrams
      return EADDRINUSE;
    default:
      return errno;
  }
}

Result<void> remove_dead(const sockaddr_un& address, const std::string& what) {
  struct stat status {};
  if (lstat(address.sun_path, &status) != 0) {
    if (errno == ENOENT) return {};
    return fail(uv_translate_sys_error(errno), what);
  }
  if (!S_ISSOCK(status.st_mode))
    return throttle::fail(ErrorCode::kInUse, what +
                                                 ": a file that is no socket is there. Remove "
                                                 "it, or choose another path");
  if (const int error = probe(address); error != 0) {
    Error taken = error_of(uv_translate_sys_error(error), what);
    if (error == EADDRINUSE) taken.message += kTaken;
    return tl::unexpected(std::move(taken));
  }
  if (unlink(address.sun_path) == 0 || errno == ENOENT) return {};
  return fail(uv_translate_sys_error(errno), what + ": cannot remove the socket of a dead process");
}

std::string_view advice_on(int error) {
  if (error == ENOENT) return ". Create its folder first";
  return error == EACCES ? ". This process may not create files in that folder" : "";
}

}  // namespace

UnixSocketFile::~UnixSocketFile() {
  if (!path_.empty() && identity_of(path_.c_str()) == identity_) unlink(path_.c_str());
}

void UnixSocketFile::set_mode(unsigned mode) const noexcept {
  if (!path_.empty() && identity_of(path_.c_str()) == identity_) chmod(path_.c_str(), mode);
}

Result<BoundUnixSocket> bind_unix_socket(const std::string& path, unsigned mode) {
  const std::string what = "cannot listen on " + Endpoint::of_unix(path).to_string();
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return fail(UV_ENAMETOOLONG, what);
  Descriptor descriptor;
  if (descriptor.get() < 0) return fail(uv_translate_sys_error(errno), what);
  const sockaddr_un address = address_of(path);
  int error = bind_to(descriptor.get(), address);
  if (error == EADDRINUSE) {
    if (auto removed = remove_dead(address, what); !removed) return tl::unexpected(removed.error());
    error = bind_to(descriptor.get(), address);
  }
  if (error != 0) {
    Error failure = error_of(uv_translate_sys_error(error), what);
    failure.message += advice_on(error);
    return tl::unexpected(std::move(failure));
  }
  const auto identity = identity_of(address.sun_path);
  if (!identity) return fail(uv_translate_sys_error(errno), what);
  UnixSocketFile file(path, *identity);
  if (chmod(address.sun_path, mode) != 0) return fail(uv_translate_sys_error(errno), what);
  return BoundUnixSocket{std::move(file), descriptor.release()};
}

// libuv reports all failures from the loop.
int connect_unix_socket(uv_connect_t& request, uv_pipe_t& pipe, const std::string& path,
                        uv_connect_cb done) noexcept {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return UV_ENAMETOOLONG;
  uv_pipe_connect(&request, &pipe, path.c_str(), done);
  return 0;
}

}  // namespace throttle::uv
