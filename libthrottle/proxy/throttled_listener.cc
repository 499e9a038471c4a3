#include "libthrottle/proxy/throttled_listener.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/deadline_queue.h"
#include "libthrottle/core/slab.h"
#include "libthrottle/proxy/farewell.h"
#include "libthrottle/uv/acceptor.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/listen_on_each.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/timer.h"

namespace throttle::proxy {
namespace {

using Slot = std::uint32_t;

// What stands between a connection and its place.
enum class Stage : std::uint8_t {
  kHeader,    // its PROXY header is not complete
  kSilent,    // it has to speak first
  kWaiting,   // it stands in the queue
  kAdmitted,  // a Place has it
};

bool is_within(const IpAddress& address, const std::vector<IpNetwork>& networks) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const IpNetwork& network) { return network.contains(address); });
}

// Why somebody does not wait any more whom the ledger took out of the queue.
Refusal refusal_of(Cause cause) {
  switch (cause) {
    case Cause::kWaitLimit:
      return Refusal::kQueueTimeout;
    case Cause::kReleased:
      return Refusal::kKilled;
    default:
      return Refusal::kShutDown;
  }
}

}  // namespace

// A connection from its acceptance to its end.
struct Place::Client final : HeldStream::Receiver {
  Client(ThrottledListener::State& listener, Slot its_slot, uv::TcpStream stream);

  void on_said() noexcept override;
  void on_left() noexcept override;

  ThrottledListener::State& state;
  Slot slot;
  Stage stage = Stage::kHeader;
  Place::Receiver* receiver = nullptr;
  std::optional<ConnectionLimiter::Permit> permit;
  Visit visit;
  HeldStream held;
};

struct ThrottledListener::State final : uv::Acceptor::Receiver {
  using Client = Place::Client;

  State(uv::Loop& event_loop, LedgerHub& ledger_hub, Options its_options,
        ThrottledListener::Receiver& its_receiver)
      : loop(event_loop),
        hub(ledger_hub),
        options(std::move(its_options)),
        receiver(its_receiver),
        limiter(options.client_limits),
        farewell(event_loop),
        timer(event_loop, uv::bound<&State::on_due>(this)),
        subscription(
            hub.add_observer([this](std::span<const LedgerEvent> events) { observe(events); })) {}

  // --- arriving ---
  bool has_room() override { return !stopped; }
  void on_connected(uv::TcpStream stream) override;
  void on_accept_failed(const Error& error) override { receiver.on_accept_failed(error); }
  void await_header(Client& client);
  void read_header(Client& client);
  void permit(Client& client);
  void await_speech(Client& client);
  void hear(Client& client);
  void enroll(Client& client);
  void on_due();

  // --- waiting ---
  void observe(std::span<const LedgerEvent> events);
  void observe(const LedgerEvent& event);
  void admit(Client& client, const LedgerEvent& event);
  Client* find(PeerId peer);

  // --- leaving ---
  void left(Client& client);
  void turn_away(Client& client, Refusal refusal);
  void refuse(Client& client, Refusal refusal);
  // Ends its lease or its waiting and forgets it; whatever it still has is closed.
  void forget(Client& client);

  uv::Loop& loop;
  LedgerHub& hub;
  Options options;
  ThrottledListener::Receiver& receiver;
  ConnectionLimiter limiter;
  Farewell farewell;
  std::vector<std::unique_ptr<uv::Acceptor>> acceptors;
  Slab<std::unique_ptr<Client>> clients;
  std::unordered_map<PeerId, Slot> by_peer;
  DeadlineQueue arrival_deadlines;  // by slot; of those that owe something yet
  uv::Timer timer;
  std::uint64_t granted = 0;  // on the semaphore, since the start
  std::size_t silent = 0;
  std::size_t waiting = 0;
  std::size_t admitted = 0;
  bool stopped = false;
  LedgerHub::Subscription subscription;
};

// --- arriving ---

Place::Client::Client(ThrottledListener::State& listener, Slot its_slot, uv::TcpStream stream)
    : state(listener),
      slot(its_slot),
      held(listener.loop, std::move(stream),
           {.limit = std::max(listener.options.waiting_bytes, kProxyHeaderMaxBytes),
            .half_closed = listener.options.half_closed},
           *this) {}

void ThrottledListener::State::on_connected(uv::TcpStream stream) {
  const auto address = stream.peer_address();
  if (!address) return;  // it has left already
  const Slot slot = clients.allocate();
  clients[slot] = std::make_unique<Client>(*this, slot, std::move(stream));
  Client& client = *clients[slot];
  client.visit.client = *address;
  client.visit.accepted = uv::now();
  if (is_within(address->ip, options.accept_proxy)) return await_header(client);
  permit(client);
}

void ThrottledListener::State::await_header(Client& client) {
  client.stage = Stage::kHeader;
  arrival_deadlines.insert(client.slot,
                           saturating_add(client.visit.accepted, options.proxy_header_timeout));
  timer.arm(arrival_deadlines.next());
}

void ThrottledListener::State::read_header(Client& client) {
  const auto header = parse_proxy_header(client.held.said());
  const bool is_late = header && !*header && client.held.has_ended();
  if (!header || is_late) return refuse(client, Refusal::kBadProxyHeader);
  if (!*header) return;
  arrival_deadlines.erase(client.slot);
  client.held.skip((*header)->bytes);
  if (const auto& connection = (*header)->connection) {
    client.visit.client = connection->source;
    client.visit.destination = connection->destination;
  }
  permit(client);
}

void ThrottledListener::State::permit(Client& client) {
  client.permit = limiter.accept(client.visit.client.ip);
  if (!client.permit) return refuse(client, Refusal::kPerClient);
  const bool must_speak = options.activate_on == ActivateOn::kFirstByte;
  if (must_speak && client.held.said().empty()) return await_speech(client);
  enroll(client);
}

void ThrottledListener::State::await_speech(Client& client) {
  if (silent >= options.max_silent) return refuse(client, Refusal::kQueueFull);
  client.stage = Stage::kSilent;
  ++silent;
  if (options.silence_timeout == kForever) return;
  arrival_deadlines.insert(client.slot,
                           saturating_add(client.visit.accepted, options.silence_timeout));
  timer.arm(arrival_deadlines.next());
}

void ThrottledListener::State::hear(Client& client) {
  arrival_deadlines.erase(client.slot);
  --silent;
  enroll(client);
}

void ThrottledListener::State::enroll(Client& client) {
  client.stage = Stage::kWaiting;
  ++waiting;
  client.visit.enrolled = uv::now();
  client.visit.position = granted;
  const AcquireOutcome outcome = hub.ledger().enroll(
      client.visit.enrolled,
      {.spec = {.address = client.visit.client, .label = options.label},
       .semaphore = options.semaphore,
       .limits = {.wait = options.queue_timeout, .oversize = Oversize::kWaits}});
  const bool enrolled =
      outcome.status == AcquireStatus::kAcquired || outcome.status == AcquireStatus::kPending;
  if (!enrolled) {
    hub.settle();
    return refuse(client, Refusal::kQueueFull);
  }
  client.visit.peer = outcome.peer;
  by_peer.emplace(outcome.peer, client.slot);
  hub.settle();
}

void ThrottledListener::State::on_due() {
  while (const auto slot = arrival_deadlines.pop_due(uv::now()))
    refuse(*clients[*slot],
           clients[*slot]->stage == Stage::kSilent ? Refusal::kSilent : Refusal::kBadProxyHeader);
  timer.arm(arrival_deadlines.next());
}

void Place::Client::on_said() noexcept {
  switch (stage) {
    case Stage::kHeader:
      return state.read_header(*this);
    case Stage::kSilent:
      return state.hear(*this);
    case Stage::kWaiting:
    case Stage::kAdmitted:
      return;
  }
}

// --- waiting ---

ThrottledListener::State::Client* ThrottledListener::State::find(PeerId peer) {
  const auto found = by_peer.find(peer);
  return found == by_peer.end() ? nullptr : clients[found->second].get();
}

void ThrottledListener::State::observe(std::span<const LedgerEvent> events) {
  for (const LedgerEvent& event : events)
    observe(event);
}

// Over HTTP, others may take and give up leases in the name of a connection's peer. Those of other
// semaphores do not concern us.
void ThrottledListener::State::observe(const LedgerEvent& event) {
  using enum EventKind;
  const bool is_ours = event.kind == kPeerRemoved ||
                       hub.ledger().semaphore_name(event.semaphore) == options.semaphore;
  if (!is_ours) return;
  if (event.kind == kGranted) ++granted;
  Client* client = find(event.peer);
  if (client == nullptr) return;
  const bool waits = client->stage == Stage::kWaiting;
  if (event.kind == kGranted && waits) return admit(*client, event);
  if ((event.kind == kWaitEnded || event.kind == kPeerRemoved) && waits) {
    return refuse(*client, refusal_of(event.cause));
  }
  if ((event.kind == kLeaseEnded || event.kind == kPeerRemoved) && !waits) {
    client->receiver->on_place_ended(event.cause);
  }
}

void ThrottledListener::State::admit(Client& client, const LedgerEvent& event) {
  client.stage = Stage::kAdmitted;
  --waiting;
  ++admitted;
  client.visit.granted = event.at;
  client.visit.position = granted - client.visit.position - 1;
  receiver.on_admitted(Place(client));
}

// --- leaving ---

void Place::Client::on_left() noexcept {
  if (stage == Stage::kAdmitted) return receiver->on_client_left();
  state.left(*this);
}

void ThrottledListener::State::left(Client& client) {
  const Visit visit = client.visit;
  forget(client);
  receiver.on_not_admitted(visit, Refusal::kNone);
}

void ThrottledListener::State::refuse(Client& client, Refusal refusal) {
  const Visit visit = client.visit;
  turn_away(client, refusal);
  receiver.on_not_admitted(visit, refusal);
}

void ThrottledListener::State::turn_away(Client& client, Refusal refusal) {
  farewell.say(client.held.take().stream, options.rejection, refusal);
  forget(client);
}

// The peer is taken out of by_peer first, so that what the ledger tells of its end meets nobody.
void ThrottledListener::State::forget(Client& client) {
  if (client.stage == Stage::kSilent) --silent;
  if (client.stage == Stage::kWaiting) --waiting;
  if (client.stage == Stage::kAdmitted) --admitted;
  arrival_deadlines.erase(client.slot);
  const PeerId peer = client.visit.peer;
  by_peer.erase(peer);
  clients.release(client.slot);
  if (peer == 0) return;
  hub.ledger().remove_peer(uv::now(), peer);
  hub.settle();
}

// --- Place ---

Place::Place(Place&& other) noexcept : client_(std::exchange(other.client_, nullptr)) {}
Place& Place::operator=(Place&& other) noexcept {
  std::swap(client_, other.client_);
  return *this;
}
Place::~Place() {
  if (client_ != nullptr) client_->state.forget(*client_);
}

const Visit& Place::visit() const {
  return client_->visit;
}

void Place::set_receiver(Receiver& receiver) {
  client_->receiver = &receiver;
}

HeldStream::Contents Place::take(HeldStream::Handover handover) {
  return client_->held.take(handover);
}

void Place::close_connection() {
  client_->held.take();
}

void Place::limit_hold(Duration hold) {
  LedgerHub& hub = client_->state.hub;
  hub.ledger().limit_hold(uv::now(), client_->visit.peer, hold);
  hub.settle();
}

void Place::turn_away(Refusal refusal) {
  Client& client = *std::exchange(client_, nullptr);
  client.state.turn_away(client, refusal);
}

// --- ThrottledListener ---

ThrottledListener::ThrottledListener(uv::Loop& loop, LedgerHub& hub, Options options,
                                     Receiver& receiver)
    : state_(std::make_unique<State>(loop, hub, std::move(options), receiver)) {}

ThrottledListener::~ThrottledListener() {
  THROTTLE_CHECK(state_->admitted == 0);
  state_->stopped = true;
  for (Slot slot = 0; slot < state_->clients.capacity(); ++slot)
    if (state_->clients[slot]) state_->forget(*state_->clients[slot]);
}

Result<SocketAddress> ThrottledListener::listen(const HostPort& where) {
  std::vector<std::unique_ptr<uv::Acceptor>> acceptors;
  auto listening = uv::listen_on_each(where, [&](const SocketAddress& address) {
    auto acceptor =
        std::make_unique<uv::Acceptor>(state_->loop, *state_, state_->options.spare_descriptors);
    auto bound = acceptor->listen(address, state_->options.keepalive);
    if (bound) acceptors.push_back(std::move(acceptor));
    return bound;
  });
  if (listening) state_->acceptors = std::move(acceptors);
  return listening;
}

void ThrottledListener::set_options(Options options) {
  options.semaphore = state_->options.semaphore;
  state_->limiter.set_config(options.client_limits);
  state_->options = std::move(options);
  for (const auto& acceptor : state_->acceptors)
    acceptor->set_spare_descriptors(state_->options.spare_descriptors);
}

void ThrottledListener::stop() {
  state_->stopped = true;
  state_->acceptors.clear();
  for (Slot slot = 0; slot < state_->clients.capacity(); ++slot) {
    const auto& client = state_->clients[slot];
    if (client && client->stage != Stage::kAdmitted) state_->refuse(*client, Refusal::kShutDown);
  }
}

std::size_t ThrottledListener::waiting_count() const {
  return state_->waiting;
}

std::vector<WaitingView> ThrottledListener::waiting() const {
  std::vector<WaitingView> views;
  for (Slot slot = 0; slot < state_->clients.capacity(); ++slot) {
    const auto& client = state_->clients[slot];
    if (client && client->stage != Stage::kAdmitted)
      views.push_back({.visit = client->visit, .silent = client->stage != Stage::kWaiting});
  }
  std::sort(views.begin(), views.end(), [](const WaitingView& one, const WaitingView& other) {
    return one.visit.accepted < other.visit.accepted;
  });
  return views;
}

}  // namespace throttle::proxy
