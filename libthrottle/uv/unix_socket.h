// What libuv does not do for Unix sockets: a file that a dead process left behind, permissions, and
// who is at the other end. For the .cc files of this room. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <uv.h>

#include "libthrottle/core/result.h"

namespace throttle::uv {

// The file of a listening socket. It is removed at the end of this object, unless another program
// has put its own there meanwhile.
class UnixSocketFile {
 public:
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool operator==(const Identity&) const = default;
  };

  UnixSocketFile(std::string path, const Identity& identity)
      : path_(std::move(path)), identity_(identity) {}
  UnixSocketFile(UnixSocketFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), identity_(other.identity_) {}
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(identity_, other.identity_);
    return *this;
  }
  ~UnixSocketFile();

  // If it still is that file.
  void set_mode(unsigned mode) const noexcept;

 private:
  std::string path_;  // empty: there is none
  Identity identity_;
};

// A socket that is bound to its file and does not listen yet.
struct BoundUnixSocket {
  UnixSocketFile file;
  int descriptor;  // the caller closes it
};

// A file of a socket at which nobody listens is replaced. `mode` are its permissions: a client has
// to be allowed to write. Errors name the path: kInUse if somebody listens there or the file is no
// socket, kInvalidArgument if the path is too long, kNotFound without its folder, kUnavailable
// without permission, and on Windows.
Result<BoundUnixSocket> bind_unix_socket(const std::string& path, unsigned mode);

// Begins as uv_tcp_connect() does; a libuv status.
int connect_unix_socket(uv_connect_t& request, uv_pipe_t& pipe, const std::string& path,
                        uv_connect_cb done) noexcept;

// The user that the other end of the connection ran as when it connected; nothing where the system
// does not say.
std::optional<std::uint32_t> peer_user(const uv_stream_t& stream) noexcept;

}  // namespace throttle::uv
