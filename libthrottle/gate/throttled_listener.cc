// The gate with its sockets: acceptors, the timer of the arrivals, and the rejecter.
#include "libthrottle/gate/throttled_listener.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/gate/client.h"
#include "libthrottle/gate/gate.h"
#include "libthrottle/gate/rejecter.h"
#include "libthrottle/uv/acceptor.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/listen_on_each.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::gate {

static_assert(kSpareDescriptors == uv::Acceptor::kSpareDescriptors);
static_assert(kSocketMode == uv::TcpListener::kSocketMode);

struct ThrottledListener::State final : uv::Acceptor::Receiver,
                                        Gate::Receiver,
                                        Place::Client::Listener {
  State(uv::Loop& event_loop, LedgerHub& hub, Options options, ThrottledListener::Receiver& owner)
      : loop(event_loop),
        receiver(owner),
        rejecter(loop),
        timer(loop, uv::bound<&State::on_due>(this)),
        gate(hub, uv::now, std::move(options), *this) {}

  // --- uv::Acceptor::Receiver ---
  bool has_room() override { return !gate.is_stopped(); }
  void on_connected(uv::TcpStream stream) override;
  void on_accept_failed(const Error& error) override { receiver.on_accept_failed(error); }

  // --- Gate::Receiver ---
  void on_not_admitted(const Visit& visit, Refusal refusal) noexcept override {
    receiver.on_not_admitted(visit, refusal);
  }

  // --- Place::Client::Listener ---
  void on_received(Place::Client& client) override {
    gate.on_received(client);
    arm();
  }
  void on_left(Place::Client& client) override { gate.on_left(client); }
  void on_admitted(Place::Client& client) override { receiver.on_admitted(Place(client)); }

  // One of the places that listen() was given.
  struct Listening {
    HostPort where;
    Endpoint endpoint;  // the first one of these
    std::vector<std::unique_ptr<uv::Acceptor>> acceptors;
  };
  using Places = std::vector<std::shared_ptr<const Listening>>;

  Result<std::shared_ptr<const Listening>> open(const HostPort& where);

  void on_due() {
    gate.advance();
    arm();
  }
  void arm() { timer.arm(gate.next_deadline()); }

  uv::Loop& loop;
  ThrottledListener::Receiver& receiver;
  Rejecter rejecter;
  Places places;
  uv::Timer timer;
  Gate gate;
};

void ThrottledListener::State::on_connected(uv::TcpStream stream) {
  const auto address = stream.peer_address();
  if (!address) return;  // it has left already
  const Place::Client::Context context{loop, gate, rejecter, *this};
  gate.arrive(std::make_unique<Place::Client>(context, std::move(stream)), *address);
  arm();
}

ThrottledListener::ThrottledListener(uv::Loop& loop, LedgerHub& hub, Options options,
                                     Receiver& receiver)
    : state_(std::make_unique<State>(loop, hub, std::move(options), receiver)) {}
ThrottledListener::~ThrottledListener() = default;

Result<std::shared_ptr<const ThrottledListener::State::Listening>> ThrottledListener::State::open(
    const HostPort& where) {
  const Options& options = gate.options();
  auto opened =
      std::make_shared<Listening>(Listening{.where = where, .endpoint = {}, .acceptors = {}});
  if (where.is_unix()) {
    opened->endpoint = Endpoint::of_unix(std::string(where.unix_path()));
    opened->acceptors.push_back(
        std::make_unique<uv::Acceptor>(loop, *this, options.spare_descriptors));
    auto bound = opened->acceptors.front()->listen_unix(opened->endpoint.path, options.socket_mode);
    if (!bound) return tl::unexpected(std::move(bound).error());
    return opened;
  }
  const auto listening = uv::listen_on_each(loop, where, [&](const SocketAddress& address) {
    auto acceptor = std::make_unique<uv::Acceptor>(loop, *this, options.spare_descriptors);
    auto bound = acceptor->listen(address, options.keepalive);
    if (bound) opened->acceptors.push_back(std::move(acceptor));
    return bound;
  });
  if (!listening) return tl::unexpected(listening.error());
  opened->endpoint = *listening;
  return opened;
}

Result<SocketAddress> ThrottledListener::listen(const HostPort& where) {
  return listen(std::span(&where, 1)).map([](const auto& all) { return all.front().address; });
}

// What it listens on already stays open, and the others close when all new ones are open.
Result<std::vector<Endpoint>> ThrottledListener::listen(std::span<const HostPort> places) {
  THROTTLE_CHECK(!state_->gate.is_stopped() && !places.empty());
  State::Places next;
  std::vector<Endpoint> endpoints;
  for (const HostPort& where : places) {
    const auto present = std::ranges::find_if(state_->places, [&](const auto& each) {
      return each->where == where && std::ranges::count(next, each) == 0;
    });
    if (present != state_->places.end()) {
      next.push_back(*present);
    } else {
      auto opened = state_->open(where);
      if (!opened) return tl::unexpected(std::move(opened).error());
      next.push_back(*std::move(opened));
    }
    endpoints.push_back(next.back()->endpoint);
  }
  state_->places = std::move(next);
  return endpoints;
}

void ThrottledListener::set_options(Options options) {
  state_->gate.set_options(std::move(options));
  for (const auto& place : state_->places)
    for (const auto& acceptor : place->acceptors) {
      acceptor->set_spare_descriptors(state_->gate.options().spare_descriptors);
      acceptor->set_socket_mode(state_->gate.options().socket_mode);
    }
}

void ThrottledListener::stop() {
  for (const auto& place : state_->places)
    for (const auto& acceptor : place->acceptors)
      acceptor->close();
  state_->gate.stop();
}

bool ThrottledListener::has_visitors() const {
  return state_->gate.visitor_count() > 0;
}

std::size_t ThrottledListener::waiting_count() const {
  return state_->gate.waiting_count();
}

std::vector<WaitingView> ThrottledListener::waiting() const {
  return state_->gate.waiting();
}

std::optional<Visit> ThrottledListener::waiting(PeerId peer) const {
  return state_->gate.waiting(peer);
}

std::size_t ThrottledListener::visit_silent(std::size_t from, std::size_t most,
                                            const std::function<void(const Visit&)>& visit) const {
  return state_->gate.visit_silent(from, most, visit);
}

}  // namespace throttle::gate
