// c-ares on libuv: a poll handle for each of its sockets, and one timer.
//
// c-ares calls back in the middle of its own work: about a socket that it opened or is about to
// close, and with the answer. So nothing that is called from there may destroy the channel. The
// answer is only kept; deliver() hands it on once c-ares has returned, at the top of the stack,
// because its receiver may destroy the query.
#include "libthrottle/uv/host_query.h"

#include <algorithm>
#include <ares.h>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <uv.h>  // before ares.h, for the socket types of Windows

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/name_order.h"
#include "libthrottle/uv/sockaddr.h"
#include "libthrottle/uv/timer.h"

namespace throttle::uv {
namespace {

using std::chrono::milliseconds, std::chrono::microseconds, std::chrono::seconds;

// The first wait for an answer; it doubles with each round over the name servers.
constexpr milliseconds kFirstTimeout(2000);
constexpr int kTries = 3;

Error error_of_query(int status, const HostPort& target) {
  const std::string what = "cannot look up the host " + target.host + ": ";
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
      return {ErrorCode::kNotFound, what + "there is no host of this name"};
    case ARES_ENODATA:
      return {ErrorCode::kNotFound, what + "this name has no address"};
    case ARES_ENOMEM:
      return {ErrorCode::kExhausted, what + "out of memory"};
    case ARES_ETIMEOUT:
      return {ErrorCode::kUnavailable, what + "no name server answered"};
    case ARES_ECONNREFUSED:
      return {ErrorCode::kUnavailable, what + "no name server could be reached"};
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
      return {ErrorCode::kUnavailable, what + "the name server could not answer"};
    default:
      return {ErrorCode::kUnavailable, what + ares_strerror(status)};
  }
}

ResolvedHost resolved(const ares_addrinfo& found, std::uint16_t port) {
  ResolvedHost host;
  for (const ares_addrinfo_node* each = found.nodes; each != nullptr; each = each->ai_next) {
    auto address = from_sockaddr(each->ai_addr);
    if (!address) continue;
    address->port = port;
    if (std::ranges::find(host.addresses, *address) == host.addresses.end())
      host.addresses.push_back(*address);
    const Duration ttl = seconds(std::max(each->ai_ttl, 0));
    host.time_to_live = std::min(host.time_to_live, ttl);
  }
  return host;
}

// Once in the life of the process; what it holds is held until the end.
int library_status() {
  static const int kStatus = ares_library_init(ARES_LIB_INIT_ALL);
  return kStatus;
}

}  // namespace

struct HostQuery::State {
  // A socket of the channel. The poll handle is stopped before c-ares closes the socket.
  struct Poll {
    uv_poll_t uv{};
    State* state = nullptr;
    ares_socket_t socket = ARES_SOCKET_BAD;
  };

  State(Loop& its_loop, HostPort its_target, OnDone callback, Duration limit)
      : loop(its_loop),
        target(std::move(its_target)),
        on_done(callback),
        deadline(saturating_add(now(), limit)),
        length(limit) {
    begin();
    arm();
  }
  ~State() {
    THROTTLE_CHECK(!inside_cares);
    close_channel();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void begin();
  int open_channel();
  void close_channel();
  void set_polling(ares_socket_t socket, int events);
  int poll(ares_socket_t socket, int events);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm();
  void on_due();
  void deliver();
  void fail_with(Error error) {
    if (!answer) answer = tl::unexpected(std::move(error));
  }

  static void socket_changed(void* state, ares_socket_t socket, int readable,
                             int writable) noexcept {
    static_cast<State*>(state)->set_polling(
        socket, (readable != 0 ? UV_READABLE : 0) | (writable != 0 ? UV_WRITABLE : 0));
  }
  static void answered(void* state, int status, int timeouts, ares_addrinfo* found) noexcept;
  static void polled(uv_poll_t* uv, int status, int events) noexcept;

  Loop& loop;
  HostPort target;
  OnDone on_done;
  TimePoint deadline;
  Duration length;
  Timer timer{loop, bound<&State::on_due>(this)};
  ares_channel channel = nullptr;
  bool inside_cares = false;  // one of its functions is on the stack
  std::map<ares_socket_t, BoxOwner<Poll>> polls = {};
  std::optional<Result<ResolvedHost>> answer = std::nullopt;  // kept until deliver()
};

void HostQuery::State::begin() {
  if (const int status = open_channel(); status != ARES_SUCCESS)
    return fail_with(error_of_query(status, target));
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  inside_cares = true;
  // Without a service: c-ares would look its name up with getservbyname().
  ares_getaddrinfo(channel, target.host.c_str(), nullptr, &hints, answered, this);
  inside_cares = false;
}

int HostQuery::State::open_channel() {
  if (const int status = library_status(); status != ARES_SUCCESS) return status;
  std::string order = name_order_of_system();
  ares_options options{};
  options.timeout = static_cast<int>(kFirstTimeout.count());
  options.tries = kTries;
  options.lookups = order.data();
  options.sock_state_cb = socket_changed;
  options.sock_state_cb_data = this;
  const int status = ares_init_options(
      &channel, &options,
      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) {
    channel = nullptr;
    return status;
  }
  const std::string& servers = loop.name_servers();
  return servers.empty() ? ARES_SUCCESS : ares_set_servers_ports_csv(channel, servers.c_str());
}

// c-ares answers what is still open, which nobody receives, and closes its sockets.
void HostQuery::State::close_channel() {
  if (channel != nullptr) ares_destroy(std::exchange(channel, nullptr));
  THROTTLE_CHECK(polls.empty());
}

void HostQuery::State::set_polling(ares_socket_t socket, int events) {
  if (events == 0) {
    polls.erase(socket);
    return;
  }
  if (const int status = poll(socket, events); status < 0)
    fail_with(error_of(status, "cannot look up the host " + target.host));
}

int HostQuery::State::poll(ares_socket_t socket, int events) {
  auto found = polls.find(socket);
  if (found == polls.end()) {
    auto box = std::make_unique<Poll>();
    box->state = this;
    box->socket = socket;
    // Fails for example if the user may watch no further descriptors.
    if (const int status = uv_poll_init_socket(loop.raw(), &box->uv, socket); status < 0)
      return status;
    found = polls.emplace(socket, own(std::move(box))).first;
  }
  return uv_poll_start(&found->second->uv, events, polled);
}

void HostQuery::State::polled(uv_poll_t* uv, int status, int events) noexcept {
  const Poll& box = box_of<Poll>(uv);
  // c-ares finds out itself what is wrong with a socket.
  if (status < 0) events = UV_READABLE | UV_WRITABLE;
  box.state->process((events & UV_READABLE) != 0 ? box.socket : ARES_SOCKET_BAD,
                     (events & UV_WRITABLE) != 0 ? box.socket : ARES_SOCKET_BAD);
}

void HostQuery::State::process(ares_socket_t readable, ares_socket_t writable) {
  THROTTLE_CHECK(!inside_cares && channel != nullptr);
  inside_cares = true;
  ares_process_fd(channel, readable, writable);
  inside_cares = false;
  if (answer) return deliver();
  arm();
}

void HostQuery::State::answered(void* state, int status, int, ares_addrinfo* found) noexcept {
  auto& query = *static_cast<State*>(state);
  if (status == ARES_SUCCESS && found != nullptr) {
    auto host = resolved(*found, query.target.port);
    if (host.addresses.empty()) {
      query.fail_with(error_of_query(ARES_ENODATA, query.target));
    } else if (!query.answer) {
      query.answer = std::move(host);
    }
  } else {
    query.fail_with(error_of_query(status, query.target));
  }
  if (found != nullptr) ares_freeaddrinfo(found);
}

void HostQuery::State::arm() {
  if (answer) return timer.arm(TimePoint{});  // in the next turn
  timeval left{};
  TimePoint due = deadline;
  if (ares_timeout(channel, nullptr, &left) != nullptr)
    due = std::min(due, now() + seconds(left.tv_sec) + microseconds(left.tv_usec));
  timer.arm(due);
}

void HostQuery::State::on_due() {
  if (answer) return deliver();
  if (now() >= deadline) {
    fail_with({ErrorCode::kUnavailable, "cannot look up the host " + target.host +
                                            ": no answer within " + format_duration(length)});
    return deliver();
  }
  process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

// The last thing that anybody does here: the receiver may have destroyed the query afterwards.
void HostQuery::State::deliver() {
  THROTTLE_CHECK(!inside_cares && answer);
  close_channel();
  timer.disarm();
  const OnDone callback = on_done;
  callback(*std::exchange(answer, std::nullopt));
}

HostQuery::HostQuery(Loop& loop, const HostPort& target, OnDone on_done, Duration limit)
    : state_(std::make_unique<State>(loop, target, on_done, limit)) {}
HostQuery::~HostQuery() = default;
HostQuery::HostQuery(HostQuery&&) noexcept = default;
HostQuery& HostQuery::operator=(HostQuery&&) noexcept = default;

}  // namespace throttle::uv
