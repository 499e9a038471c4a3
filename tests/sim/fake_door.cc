// The sessions follow proxy::Session and proxy::TcpDoor line by line where the order of calls
// matters: beginning, limiting the hold, ending.
#include "tests/sim/fake_door.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/sim/gate_world.h"

namespace throttle::testing {

using namespace std::chrono_literals;

FakeClient::~FakeClient() {
  door_.clients_.erase(number);
}

void FakeClient::on_admitted() noexcept {
  door_.on_admitted(*this);
}

void FakeClient::on_place_ended(Cause cause) noexcept {
  door_.on_place_ended(*this, cause);
}

FakeDoor::FakeDoor(GateWorld& world, gate::Options options, std::size_t recycle_every)
    : world_(world),
      gate_(
          world.hub(), [&world] { return world.clock(); }, std::move(options), *this),
      recycle_every_(recycle_every),
      recycling_(world.hub(), *this) {}

FakeDoor::~FakeDoor() {
  for (const auto& [peer, session] : sessions_)
    gate_.leave(*session->client);
}

// --- the gate's clients ---

void FakeDoor::arrive() {
  const std::uint16_t number = world_.new_client();
  auto client = std::make_unique<FakeClient>(*this, number);
  if (world_.happens(70)) client->bytes = "PROXY UNKNOWN\r\nhello";
  clients_.emplace(number, client.get());
  const std::array<std::uint8_t, 4> address{10, 0, 0, static_cast<std::uint8_t>(number % 5)};
  gate_.arrive(std::move(client), {IpAddress::from_v4(address), number});
  world_.changed();
}

FakeClient* FakeDoor::any_client(bool admitted) {
  std::vector<FakeClient*> found;
  for (const auto& [number, client] : clients_) {
    const bool has_place = client->stage() >= gate::Stage::kAdmitted;
    if (has_place == admitted) found.push_back(client);
  }
  return found.empty() ? nullptr : found[world_.below(found.size())];
}

void FakeDoor::send() {
  FakeClient* client = any_client(false);
  if (client == nullptr) return;
  client->bytes += client->bytes.empty() ? "PROXY UNKNOWN\r\n" : "more";
  client->ended = world_.happens(20);
  gate_.on_received(*client);
  world_.changed();
}

void FakeDoor::leave_early() {
  FakeClient* client = any_client(false);
  if (client == nullptr) return;
  gate_.on_left(*client);
  world_.changed();
}

void FakeDoor::on_not_admitted(const gate::Visit& visit, gate::Refusal) noexcept {
  world_.answered(visit.client.port);
}

// --- the sessions ---

FakeDoor::Session* FakeDoor::any_session(State state) {
  std::vector<Session*> found;
  for (const auto& [peer, session] : sessions_)
    if (session->state == state) found.push_back(session.get());
  return found.empty() ? nullptr : found[world_.below(found.size())];
}

void FakeDoor::on_admitted(FakeClient& client) {
  world_.admitted(gate_.options().semaphore, client.visit());
  auto session = std::make_unique<Session>(Session{.client = &client, .peer = client.visit().peer});
  const Session& begun = *session;
  sessions_.emplace(begun.peer, std::move(session));
  if (recycling_.holds_back()) return recycling_.hold({.peer = begun.peer});
  let_go({.peer = begun.peer});
}

void FakeDoor::let_go(const proxy::Activation& activation) noexcept {
  const auto found = sessions_.find(activation.peer);
  if (found == sessions_.end()) return world_.accuse("a session that is gone was let go");
  Session& session = *found->second;
  if (recycling_.count(recycle_every_)) recycling_.begin(gate_.options().semaphore);
  session.state = State::kPreparing;
  if (world_.happens(50)) on_prepared(session);
}

void FakeDoor::end_hook() {
  Session* session = any_session(world_.happens(50) ? State::kPreparing : State::kLeft);
  if (session == nullptr) return;
  if (session->state == State::kLeft) return end(*session, Why::kEnded);
  world_.happens(90) ? on_prepared(*session) : end(*session, Why::kRefused);
}

void FakeDoor::on_prepared(Session& session) {
  session.state = State::kConnecting;
}

void FakeDoor::end_dial() {
  Session* session = any_session(State::kConnecting);
  if (session == nullptr) return;
  world_.happens(90) ? relay(*session) : end(*session, Why::kRefused);
}

// The crash of old: the place ended within limit_hold(), and took the session along.
void FakeDoor::relay(Session& session) {
  session.state = State::kActive;
  const Duration time_to_live = 1ms * world_.below(60);
  if (world_.happens(60)) {
    gate_.limit_hold(*session.client, time_to_live);
    world_.changed();
  }
  if (!session.alive) world_.accuse("a session is used after its end");
}

void FakeDoor::end_relay() {
  if (Session* session = any_session(State::kActive)) end(*session, Why::kEnded);
}

void FakeDoor::leave_late() {
  Session* session = any_session(world_.happens(50) ? State::kPreparing : State::kHeld);
  if (session == nullptr) return;
  recycling_.drop(session->peer);
  if (session->state == State::kHeld) return end(*session, Why::kEnded);
  world_.answered(session->client->number);
  session->state = State::kLeft;
}

void FakeDoor::on_place_ended(const FakeClient& client, Cause cause) {
  const auto found = sessions_.find(client.visit().peer);
  if (found == sessions_.end()) return world_.accuse("the place of nobody ended");
  recycling_.drop(found->first);
  end(*found->second, cause == Cause::kHoldLimit ? Why::kTimeToLive : Why::kEnded);
}

void FakeDoor::end(Session& session, Why why) {
  const auto found = sessions_.find(session.peer);
  if (found == sessions_.end() || !session.alive) return world_.accuse("a session ended twice");
  if (session.state != State::kLeft) world_.answered(session.client->number);
  session.alive = false;
  ended_.push_back(std::move(found->second));
  sessions_.erase(found);
  if (why == Why::kTimeToLive) recycling_.begin(gate_.options().semaphore);
  if (why == Why::kRefused)
    gate_.turn_away(*session.client, gate::Refusal::kUpstreamDown);
  else
    gate_.leave(*session.client);
  world_.changed();
}

// --- recycling ---

void FakeDoor::restart() noexcept {
  if (std::exchange(overdue_, false)) return;
  for (const auto& [peer, session] : sessions_) {
    const LeaseLedger& ledger = world_.ledger();
    const bool has_lease = ledger.contains(peer) && !ledger.is_idle(peer);
    if (session->state != State::kHeld && has_lease) world_.accuse("restarted under a connection");
  }
}

void FakeDoor::end_restart() {
  if (recycling_.step() != proxy::Recycling::Step::kRestarting) return;
  recycling_.on_restarted(world_.clock(), world_.happens(70));
  world_.changed();
}

void FakeDoor::end_probe() {
  if (recycling_.step() != proxy::Recycling::Step::kProbing) return;
  recycling_.on_probed(world_.clock());
  world_.changed();
}

void FakeDoor::stop_draining() {
  if (recycling_.step() != proxy::Recycling::Step::kDraining) return;
  overdue_ = true;
  recycling_.stop_draining();
}

// --- the whole ---

void FakeDoor::reload() {
  gate::Options options = gate_.options();
  options.queue_timeout = world_.happens(50) ? kForever : Duration(1ms * world_.below(200));
  options.activate_on =
      world_.happens(50) ? gate::ActivateOn::kFirstByte : gate::ActivateOn::kConnect;
  options.client_limits.max_per_client = 1 + world_.below(8);
  gate_.set_options(std::move(options));
}

void FakeDoor::make_peace() {
  std::vector<FakeClient*> owing;
  for (const auto& [number, client] : clients_)
    if (client->stage() < gate::Stage::kWaiting) owing.push_back(client);
  for (FakeClient* client : owing)
    gate_.on_left(*client);
}

bool FakeDoor::is_empty() const {
  return clients_.empty() && sessions_.empty() &&
         recycling_.step() == proxy::Recycling::Step::kIdle;
}

std::vector<PeerId> FakeDoor::peers() const {
  std::vector<PeerId> peers;
  for (const auto& [number, client] : clients_)
    if (client->visit().peer != 0) peers.push_back(client->visit().peer);
  return peers;
}

std::string FakeDoor::check() const {
  if (std::string violation = gate_.check(); !violation.empty()) return violation;
  const LeaseLedger& ledger = world_.ledger();
  for (const auto& [number, client] : clients_) {
    const PeerId peer = client->visit().peer;
    const bool acquired = ledger.is_acquired(peer) == true && !ledger.is_idle(peer);
    if (client->stage() == gate::Stage::kWaiting && ledger.is_acquired(peer) != false)
      return "a visitor waits here that does not wait in the ledger";
    if (client->stage() == gate::Stage::kAdmitted && !acquired)
      return "a visitor has its place here that it has not in the ledger";
    if (client->stage() == gate::Stage::kEnded) return "an ended place was kept";
  }
  return {};
}

}  // namespace throttle::testing
