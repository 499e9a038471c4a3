// A door without sockets: a real gate and a real recycling, with sessions that do what the sessions
// of proxy::TcpDoor do (prepare, connect, limit the hold, relay, end) when the world says so.
//
// A session that has ended is kept and marked, so that a use after its end is noticed and not
// undefined. Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libthrottle/gate/gate.h"
#include "libthrottle/proxy/recycling.h"

namespace throttle::testing {

class GateWorld;
class FakeDoor;

// A connection that is made of nothing.
class FakeClient final : public gate::Visitor {
 public:
  // `number` names it in the world's list of clients that were answered.
  FakeClient(FakeDoor& its_door, std::uint16_t its_number) : door_(its_door), number(its_number) {}
  ~FakeClient() override;

  std::string_view received() const override { return bytes; }
  bool has_ended() const override { return ended; }
  void skip(std::size_t count) override { bytes.erase(0, count); }
  void reject(gate::Rejection, gate::Refusal) noexcept override { rejected = true; }
  void on_admitted() noexcept override;
  void on_place_ended(Cause cause) noexcept override;

 private:
  FakeDoor& door_;

 public:
  const std::uint16_t number;
  std::string bytes;
  bool ended = false;
  bool rejected = false;
};

class FakeDoor final : gate::Gate::Receiver, proxy::Recycling::Actions {
 public:
  FakeDoor(GateWorld& world, gate::Options options, std::size_t recycle_every);
  ~FakeDoor();
  FakeDoor(const FakeDoor&) = delete;
  FakeDoor& operator=(const FakeDoor&) = delete;

  // --- what may happen to it; each does nothing if no client is in the right stage ---
  void arrive();
  void send();         // a client that has no place yet sends something, or half-closes
  void leave_early();  // a client that has no place yet leaves
  void leave_late();   // one that has its place, but was not taken
  void end_hook();
  void end_dial();
  void end_relay();
  void end_restart();
  void end_probe();
  void stop_draining();
  void reload();
  void make_peace();  // nobody owes anything for ever

  void advance() { gate_.advance(); }
  bool is_empty() const;
  std::vector<PeerId> peers() const;
  // After a turn: each visitor is in the ledger what it is here.
  std::string check() const;

 private:
  friend class FakeClient;
  enum class State : std::uint8_t { kHeld, kPreparing, kLeft, kConnecting, kActive };
  struct Session {
    FakeClient* client = nullptr;
    PeerId peer = 0;
    State state = State::kHeld;
    bool alive = true;
  };
  enum class Why : std::uint8_t { kEnded, kTimeToLive, kRefused };

  void on_not_admitted(const gate::Visit& visit, gate::Refusal refusal) noexcept override;
  void restart() noexcept override;
  void probe() noexcept override {}
  void let_go(const proxy::Activation& activation) noexcept override;

  void on_admitted(FakeClient& client);
  void on_place_ended(const FakeClient& client, Cause cause);
  void on_prepared(Session& session);
  void relay(Session& session);
  void end(Session& session, Why why);
  FakeClient* any_client(bool admitted);
  Session* any_session(State state);

  GateWorld& world_;
  std::map<std::uint16_t, FakeClient*> clients_;  // outlives the gate, which owns them
  gate::Gate gate_;
  const std::size_t recycle_every_;
  std::map<PeerId, std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> ended_;
  proxy::Recycling recycling_;
  bool overdue_ = false;
};

}  // namespace throttle::testing
