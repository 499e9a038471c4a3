// The configuration that a new installation gets: examples/throttle.toml with its semaphores
// commented out. Made by cmake/ThrottleSample.cmake.
// Threads: a constant.
#pragma once

#include <string_view>

namespace throttle::service {

extern const std::string_view kSampleConfiguration;

}  // namespace throttle::service
