// What the system says of this process and its machine. Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace throttle::uv {

// The machine's name; "localhost" if the system does not say it.
std::string host_name();
std::int64_t process_id() noexcept;

}  // namespace throttle::uv
