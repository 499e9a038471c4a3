// Maps libuv's status codes to our error codes.
#include "libthrottle/uv/error.h"

#include <array>
#include <string>
#include <utility>

#include <uv.h>

namespace throttle::uv {
namespace {

ErrorCode code_of(int status) {
  switch (status) {
    case UV_EADDRINUSE:
      return ErrorCode::kInUse;
    case UV_ENOENT:
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
      return ErrorCode::kNotFound;
    case UV_EINVAL:
    case UV_ENAMETOOLONG:
      return ErrorCode::kInvalidArgument;
    case UV_EMFILE:
    case UV_ENFILE:
    case UV_ENOBUFS:
    case UV_ENOMEM:
      return ErrorCode::kExhausted;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

Error error_of(int status, std::string_view what) {
  std::array<char, 128> text{};
  uv_strerror_r(status, text.data(), text.size());  // uv_strerror() leaks on unknown codes
  return Error{code_of(status), std::string(what).append(": ").append(text.data())};
}

tl::unexpected<Error> fail(int status, std::string_view what) {
  return tl::unexpected<Error>(error_of(status, what));
}

}  // namespace throttle::uv
