// What the queries have in common; private to journal. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace throttle::journal {

// "10.0.0.7:52114"; the client alone where its port was not recorded.
std::string with_port(std::string_view client, std::optional<std::int64_t> port);

}  // namespace throttle::journal
