// The one place where libuv's status codes become errors of ours.
// Threads: any.
#pragma once

#include <string_view>

#include "libthrottle/core/result.h"

namespace throttle::uv {

// The error of a negative libuv status. `what` says what could not be done ("cannot listen on
// 127.0.0.1:80"); the message ends with libuv's own text for the status.
Error error_of(int status, std::string_view what);

// The same, ready to be returned as the failure of a Result.
tl::unexpected<Error> fail(int status, std::string_view what);

}  // namespace throttle::uv
