#include "libthrottle/uv/resolver.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <uv.h>

#include "libthrottle/uv/async.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/sockaddr.h"

namespace throttle::uv {
namespace {

std::optional<SocketAddress> numeric(const HostPort& target) {
  const auto ip = IpAddress::parse(target.host);
  if (!ip) return std::nullopt;
  return SocketAddress{*ip, target.port};
}

std::string what_failed(const HostPort& target) {
  return "cannot look up the host " + target.host;
}

Addresses addresses_of(const addrinfo* first) {
  Addresses addresses;
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    const auto address = from_sockaddr(each->ai_addr);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  return addresses;
}

// In libuv's words, which are the same on every system.
int status_of(int gai_error) {
  switch (gai_error) {
    case EAI_NONAME:
      return UV_EAI_NONAME;
    case EAI_AGAIN:
      return UV_EAI_AGAIN;
    case EAI_MEMORY:
      return UV_EAI_MEMORY;
    case EAI_FAMILY:
      return UV_EAI_FAMILY;
    default:
      return UV_EAI_FAIL;
  }
}

// Blocks. Not through libuv, whose getaddrinfo wants a loop of the calling thread.
Result<Addresses> look_up(const HostPort& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // one answer for each address, not one for each protocol
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
  if (error != 0) return fail(status_of(error), what_failed(target));
  Addresses addresses = addresses_of(found);
  freeaddrinfo(found);
  if (addresses.empty()) return fail(UV_EAI_NODATA, what_failed(target));
  return addresses;
}

// What the loop and the thread of a lookup share; whoever lives longer frees it.
struct Lookup {
  std::mutex mutex;
  Async* async = nullptr;  // whom to wake; null once nobody wants the answer
  std::optional<Result<Addresses>> answer;

  void finish(Result<Addresses> found) {
    const std::scoped_lock lock(mutex);
    answer = std::move(found);
    if (async != nullptr) async->wake();
  }
};

void look_up_aside(const std::shared_ptr<Lookup>& lookup, const HostPort& target) {
  try {
    std::thread([lookup, target] { lookup->finish(look_up(target)); }).detach();
  } catch (const std::system_error&) {
    lookup->finish(fail(UV_EAGAIN, what_failed(target)));
  }
}

}  // namespace

Result<Addresses> resolve(const HostPort& target) {
  if (const auto address = numeric(target)) return Addresses{*address};
  const Loop loop;  // which on Windows opens the socket library
  return look_up(target);
}

struct Resolver::State {
  Async async;
  OnDone on_done;
  std::shared_ptr<Lookup> lookup = std::make_shared<Lookup>();

  State(Loop& loop, OnDone callback)
      : async(loop, bound<&State::on_answer>(this)), on_done(callback) {
    lookup->async = &async;
  }
  ~State() {
    const std::scoped_lock lock(lookup->mutex);
    lookup->async = nullptr;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void on_answer() {
    std::unique_lock lock(lookup->mutex);
    Result<Addresses> answer = *std::move(lookup->answer);
    lock.unlock();
    on_done(std::move(answer));
  }
};

Resolver::Resolver(Loop& loop, const HostPort& target, OnDone on_done)
    : state_(std::make_unique<State>(loop, on_done)) {
  if (const auto address = numeric(target)) {
    state_->lookup->finish(Addresses{*address});
  } else {
    look_up_aside(state_->lookup, target);
  }
}

Resolver::~Resolver() = default;
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;

}  // namespace throttle::uv
