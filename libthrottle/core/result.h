// Failures of the world as values: Result<T> is a T or an Error with a text for people.
//
// Decisions of the domain (granted, queued, refused) are not errors: they have enums of their own.
// Bugs are assertions (core/check.h). Threads: values only.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace throttle {

// What kind of failure it was; one function maps it to an exit code (tools), one to a status.
enum class ErrorCode {
  kInvalidArgument,  // the caller's input is wrong; the message says where and what was expected
  kNotFound,         // a file, a host or a name that does not exist
  kInUse,            // an address that somebody else listens on
  kExhausted,        // all that the system has for us is in use: descriptors, memory, ports
  kUnavailable,      // the system refused: no permission, I/O error, nobody answers
};

// `message` is complete and needs no prefix: what was wrong, where, and how to go on.
struct Error {
  ErrorCode code = ErrorCode::kUnavailable;
  std::string message;
};

// std::expected's spelling until the oldest compiler has it.
template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace throttle
