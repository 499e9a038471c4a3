#include "libthrottle/http/server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libthrottle/core/slab.h"
#include "libthrottle/http/connection.h"
#include "libthrottle/uv/acceptor.h"
#include "libthrottle/uv/callback.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/descriptors.h"
#include "libthrottle/uv/tcp_stream.h"
#include "libthrottle/uv/timer.h"

namespace throttle::http {
namespace {

std::size_t most_connections_of(const Limits& limits) {
  const std::size_t descriptors = uv::descriptor_limit();
  const std::size_t free = descriptors - std::min(descriptors, uv::Acceptor::kSpareDescriptors);
  return std::min(
      {std::max<std::size_t>(free, 1), limits.connections, std::size_t{Connection::kSlots}});
}

}  // namespace

struct Server::State final : uv::Acceptor::Receiver {
  State(uv::Loop& event_loop, const Limits& limits, Server::Receiver& receiver)
      : loop(event_loop),
        most_connections(most_connections_of(limits)),
        limiter(limits.per_client),
        shared{.limits = limits,
               .receiver = receiver,
               .timer = uv::Timer(event_loop, uv::bound<&State::on_time>(this))} {}

  bool has_room() override;
  void on_connected(uv::TcpStream stream) override;
  void on_accept_failed(const Error& error) override;

  void on_time();

  template <typename Visitor>
  void for_each_connection(Visitor visit) {
    for (Connection::Slot slot = 0; slot < connections.capacity(); ++slot)
      if (connections[slot]) visit(*connections[slot]);
  }

  uv::Loop& loop;
  const std::size_t most_connections;
  ConnectionLimiter limiter;
  Shared shared;
  Slab<std::unique_ptr<Connection>> connections;
  std::vector<std::unique_ptr<uv::Acceptor>> acceptors;
  bool waiting_for_room = false;
  bool stopping = false;  // until on_stopped()
};

// A place is free again once its connection is destroyed, not when it is closed.
bool Server::State::has_room() {
  if (connections.size() < most_connections) return true;
  if (!waiting_for_room) ++shared.counters.full;
  waiting_for_room = true;
  return false;
}

void Server::State::on_connected(uv::TcpStream stream) {
  const auto client = stream.peer_address();
  if (!client) return;  // it has left already
  auto permit = limiter.accept(client->ip);
  if (!permit) {
    ++shared.counters.refused_clients;
    return;
  }
  const Connection::Slot slot = connections.allocate();
  connections[slot] = std::make_unique<Connection>(
      shared, slot, Connection::Accepted{std::move(stream), *client, *std::move(permit)});
}

void Server::State::on_accept_failed(const Error& error) {
  ++shared.counters.accept_failures;
  shared.receiver.on_accept_failed(error);
}

// Destroys the connections that are gone, wakes those whose time has come, and lets others in.
void Server::State::on_time() {
  const TimePoint now = uv::now();
  const auto deadline_of = [this](Connection::Slot slot) { return connections[slot]->deadline(); };
  while (const auto slot = shared.deadlines.pop_due(now, deadline_of)) {
    if (connections[*slot]->is_gone())
      connections.release(*slot);
    else
      connections[*slot]->on_deadline(now);
  }
  if (waiting_for_room && connections.size() < most_connections) {
    waiting_for_room = false;
    for (const auto& acceptor : acceptors)
      acceptor->take();
  }
  shared.timer.arm(shared.deadlines.next());
  if (stopping && connections.size() == 0) {
    stopping = false;
    shared.receiver.on_stopped();
  }
}

Server::Server(uv::Loop& loop, const Limits& limits, Receiver& receiver)
    : state_(std::make_unique<State>(loop, limits, receiver)) {}
Server::~Server() = default;

Result<SocketAddress> Server::listen(const SocketAddress& address) {
  auto acceptor = std::make_unique<uv::Acceptor>(state_->loop, *state_);
  auto listening = acceptor->listen(address);
  if (listening) state_->acceptors.push_back(std::move(acceptor));
  return listening;
}

void Server::respond(ExchangeId exchange, Response response) {
  const Connection::Slot slot = Connection::slot_of(exchange);
  if (slot >= state_->connections.capacity() || !state_->connections[slot]) return;
  state_->connections[slot]->respond(exchange, std::move(response));
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
  return state_->most_connections;
}

}  // namespace throttle::http
