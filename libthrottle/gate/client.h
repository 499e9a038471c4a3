// A visitor that is a socket; private to gate.
//
// Threads: the loop's.
#pragma once

#include "libthrottle/gate/gate.h"
#include "libthrottle/gate/place.h"
#include "libthrottle/gate/rejecter.h"

namespace throttle::gate {

class Place::Client final : public Visitor, HeldStream::Receiver {
 public:
  // What a client needs of its listener.
  class Listener {
   public:
    virtual void on_received(Client& client) = 0;  // before it has a place
    virtual void on_left(Client& client) = 0;      // the same
    virtual void on_admitted(Client& client) = 0;

   protected:
    ~Listener() = default;
  };
  // All outlive the client.
  struct Context {
    uv::Loop& loop;
    Gate& gate;
    Rejecter& rejecter;
    Listener& listener;
  };

  Client(const Context& context, uv::TcpStream stream);

  HeldStream& held() { return held_; }
  Gate& gate() { return context_.gate; }
  void set_receiver(Place::Receiver& receiver) { receiver_ = &receiver; }

 private:
  std::string_view received() const override { return held_.received(); }
  bool has_ended() const override { return held_.has_ended(); }
  void skip(std::size_t count) override { held_.skip(count); }
  void reject(Rejection rejection, Refusal refusal) noexcept override;
  void on_admitted() noexcept override { context_.listener.on_admitted(*this); }
  void on_place_ended(Cause cause) noexcept override;

  void on_received() noexcept override;
  void on_left() noexcept override;
  bool has_place() const { return stage() == Stage::kAdmitted || stage() == Stage::kEnded; }

  Context context_;
  Place::Receiver* receiver_ = nullptr;
  HeldStream held_;
};

}  // namespace throttle::gate
