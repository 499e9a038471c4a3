// Owns the connections: a slab of slots, whose numbers are also the items of the deadline heap and
// the lower bits of the exchange ids. One timer serves all deadlines. It also destroys connections
// that are gone and, when places become free, lets the paused listeners accept again. stop() is
// complete in the timer's turn in which the last connection is destroyed.
#include "libthrottle/httpd/server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/httpd/connection.h"
#include "libthrottle/uv/acceptor.h"
#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/tcp_wire.h"
#include "libthrottle/uv/timer.h"

namespace throttle::httpd {
namespace {

std::size_t most_connections_of(const http::Limits& limits) {
  const std::size_t descriptors = uv::descriptor_limit();
  const std::size_t free = descriptors - std::min(descriptors, uv::Acceptor::kSpareDescriptors);
  return std::min(
      {std::max<std::size_t>(free, 1), limits.connections, std::size_t{Connection::kSlots}});
}

}  // namespace

struct Server::State final : uv::Acceptor::Receiver {
  State(uv::Loop& event_loop, const http::Limits& limits, Server::Receiver& receiver,
        std::vector<IpNetwork> networks)
      : loop(event_loop),
        accept_proxy(std::move(networks)),
        shared{.limits = limits,
               .most_connections = most_connections_of(limits),
               .receiver = receiver,
               .limiter = ConnectionLimiter(limits.per_client),
               .timer = uv::Timer(event_loop, uv::bound<&State::on_time>(this))} {}

  bool has_room() override;
  void on_connected(uv::TcpStream stream) override;
  void on_accept_failed(const Error& error) override;

  void on_time();
  void make_room();

  template <typename Visitor>
  void for_each_connection(Visitor visit) {
    for (Connection::Slot slot = 0; slot < shared.seats.capacity(); ++slot)
      if (Connection* const connection = at(slot)) visit(*connection);
  }

  // Null if nobody has the slot.
  Connection* at(Connection::Slot slot) {
    return slot < shared.seats.capacity() ? shared.seats[slot].connection.get() : nullptr;
  }
  bool is_full() const { return shared.seats.size() >= shared.most_connections; }

  uv::Loop& loop;
  std::vector<IpNetwork> accept_proxy;
  Shared shared;
  std::vector<std::unique_ptr<uv::Acceptor>> acceptors;
  bool stopping = false;  // until on_stopped()
};

// A place is free again once its connection is destroyed, not when it is closed.
bool Server::State::has_room() {
  if (!is_full()) return true;
  if (!shared.waiting_for_room) ++shared.counters.full;
  shared.waiting_for_room = true;
  make_room();
  return false;
}

// Unless a connection is on its way out already.
void Server::State::make_room() {
  if (shared.counters.open_connections < shared.most_connections || shared.idle.empty()) return;
  Connection* const longest_idle = at(shared.idle.oldest());
  THROTTLE_CHECK(longest_idle != nullptr);
  longest_idle->make_room();
}

void Server::State::on_connected(uv::TcpStream stream) {
  THROTTLE_CHECK(!stopping && !is_full());
  const auto client = stream.peer_address();
  if (!client) return;  // it has left already
  // The client behind a load balancer is known, and limited, when the PROXY header has come.
  std::optional<ConnectionLimiter::Permit> permit;
  if (!is_within(client->ip, accept_proxy)) {
    permit = shared.limiter.accept(client->ip);
    if (!permit) {
      ++shared.counters.refused_clients;
      return;
    }
  }
  stream.set_nodelay();
  stream.set_keepalive(shared.limits.idle_time / 2);  // for parked exchanges of lost machines
  auto wire = std::make_unique<uv::TcpWire>(std::move(stream));
  const Connection::Slot slot = shared.seats.allocate();
  THROTTLE_CHECK(slot < Connection::kSlots && at(slot) == nullptr);
  shared.seats[slot].connection = std::make_unique<Connection>(
      shared, slot, Connection::Accepted{std::move(wire), *client, std::move(permit)});
}

void Server::State::on_accept_failed(const Error& error) {
  ++shared.counters.accept_failures;
  shared.receiver.on_accept_failed(error);
}

// Destroys the connections that are gone, wakes those whose time has come, and lets others in.
void Server::State::on_time() {
  const TimePoint now = uv::now();
  const auto deadline_of = [this](Connection::Slot slot) { return at(slot)->deadline(); };
  while (const auto slot = shared.deadlines.pop_due(now, deadline_of)) {
    Connection* const connection = at(*slot);
    THROTTLE_CHECK(connection != nullptr);
    if (connection->is_gone())
      shared.seats.release(*slot);
    else
      connection->on_deadline(now);
  }
  if (shared.waiting_for_room && !is_full()) {
    shared.waiting_for_room = false;
    for (const auto& acceptor : acceptors)
      acceptor->take();
  }
  shared.timer.arm(shared.deadlines.next());
  if (stopping && shared.seats.size() == 0) {
    stopping = false;
    shared.receiver.on_stopped();
  }
}

Server::Server(uv::Loop& loop, const http::Limits& limits, Receiver& receiver,
               std::vector<IpNetwork> accept_proxy)
    : state_(std::make_unique<State>(loop, limits, receiver, std::move(accept_proxy))) {}
Server::~Server() = default;

Result<SocketAddress> Server::listen(const SocketAddress& address) {
  auto acceptor = std::make_unique<uv::Acceptor>(state_->loop, *state_);
  auto listening = acceptor->listen(address);
  if (listening) state_->acceptors.push_back(std::move(acceptor));
  return listening;
}

void Server::respond(http::ExchangeId exchange, http::Response response) {
  Connection* const connection = state_->at(Connection::slot_of(exchange));
  if (connection != nullptr) connection->respond(exchange, std::move(response));
}

void Server::resume(http::ExchangeId exchange) {
  Connection* const connection = state_->at(Connection::slot_of(exchange));
  if (connection != nullptr) connection->resume(exchange);
}

void Server::stop() {
  state_->stopping = true;
  state_->acceptors.clear();
  state_->for_each_connection([](Connection& connection) { connection.close_soon(); });
  state_->shared.timer.arm(uv::now());
}

void Server::close_connections() {
  state_->for_each_connection([](Connection& connection) { connection.close(); });
}

const Counters& Server::counters() const {
  return state_->shared.counters;
}
std::size_t Server::most_connections() const {
  return state_->shared.most_connections;
}

}  // namespace throttle::httpd
