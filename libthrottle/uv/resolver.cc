// Answers for the names that need no system, and hands all others to c-ares.
#include "libthrottle/uv/resolver.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/host_query.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {
namespace {

// "NAME", "NAME." and all that ends with ".NAME", in any case.
bool is_below(std::string_view host, std::string_view name) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < name.size()) return false;
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  const std::string_view end = host.substr(host.size() - name.size());
  const bool same =
      std::ranges::equal(end, name, [&](char one, char other) { return lower(one) == other; });
  return same && (host.size() == name.size() || host[host.size() - name.size() - 1] == '.');
}

Addresses loopback(std::uint16_t port) {
  IpAddress::Bytes v6{};
  v6.back() = 1;
  return {{IpAddress::from_v4({127, 0, 0, 1}), port}, {IpAddress::from_v6(v6), port}};
}

}  // namespace

std::optional<Result<ResolvedHost>> known_host(const HostPort& target) {
  if (const auto ip = IpAddress::parse(target.host))
    return ResolvedHost{.addresses = {{*ip, target.port}}};
  if (is_below(target.host, "localhost")) return ResolvedHost{.addresses = loopback(target.port)};
  if (is_below(target.host, "invalid"))
    return fail(ErrorCode::kNotFound, "cannot look up the host " + target.host +
                                          ": names that end in .invalid do not exist");
  return std::nullopt;
}

struct Resolver::State {
  State(Loop& loop, const HostPort& target, OnDone callback, Duration limit)
      : on_done(callback), answer(known_host(target)) {
    if (answer) {
      next_turn.emplace(loop, bound<&State::on_next_turn>(this));
      next_turn->arm(TimePoint{});
    } else {
      query.emplace(loop, target, callback, limit);
    }
  }

  void on_next_turn() {
    THROTTLE_CHECK(answer);
    const OnDone callback = on_done;
    callback(*std::exchange(answer, std::nullopt));
  }

  OnDone on_done;
  std::optional<Result<ResolvedHost>> answer;  // of a name that needs no system, until it is given
  std::optional<Timer> next_turn = std::nullopt;
  std::optional<HostQuery> query = std::nullopt;  // of any other
};

Resolver::Resolver(Loop& loop, const HostPort& target, OnDone on_done, Duration limit)
    : state_(std::make_unique<State>(loop, target, on_done, limit)) {}

Resolver::~Resolver() = default;
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;

}  // namespace throttle::uv
