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

// libuv's getaddrinfo() blocks if it has no callback; it wants a loop, but does not run it.
Result<Addresses> look_up(const HostPort& target) {
  const std::string what = "cannot look up the host " + target.host;
  uv_loop_t loop;
  if (const int status = uv_loop_init(&loop); status < 0) return fail(status, what);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // one answer for each address, not one for each protocol
  uv_getaddrinfo_t request;
  const int status = uv_getaddrinfo(&loop, &request, nullptr, target.host.c_str(),
                                    std::to_string(target.port).c_str(), &hints);
  uv_loop_close(&loop);
  if (status < 0) return fail(status, what);
  Addresses addresses = addresses_of(request.addrinfo);
  uv_freeaddrinfo(request.addrinfo);
  if (addresses.empty()) return fail(UV_EAI_NODATA, what);
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
    lookup->finish(fail(UV_EAGAIN, "cannot look up the host " + target.host));
  }
}

}  // namespace

Result<Addresses> resolve(const HostPort& target) {
  if (const auto address = numeric(target)) return Addresses{*address};
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
