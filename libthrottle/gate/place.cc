// What a place does to its client, and what the client's socket reports to the owner of the place.
#include "libthrottle/gate/place.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/proxy_header.h"
#include "libthrottle/gate/client.h"

namespace throttle::gate {

// --- the client ---

Place::Client::Client(const Context& context, uv::TcpStream stream)
    : context_(context),
      held_(context.loop, std::move(stream),
            {.limit = std::max(context.gate.options().waiting_bytes, kProxyHeaderMaxBytes),
             .half_closed = context.gate.options().half_closed},
            *this) {}

void Place::Client::reject(Rejection rejection, Refusal refusal) noexcept {
  const std::string& text = context_.gate.options().reject_text;
  if (text.empty()) return context_.rejecter.reject(held_.take().stream, rejection, refusal);
  context_.rejecter.say(held_.take().stream, text);
}

void Place::Client::on_place_ended(Cause cause) noexcept {
  THROTTLE_CHECK(receiver_ != nullptr);
  receiver_->on_place_ended(cause);
}

void Place::Client::on_received() noexcept {
  if (!has_place()) context_.listener.on_received(*this);
}

void Place::Client::on_left() noexcept {
  if (!has_place()) return context_.listener.on_left(*this);
  THROTTLE_CHECK(receiver_ != nullptr);
  receiver_->on_client_left();
}

// --- the place ---

Place::Place(Place&& other) noexcept : client_(std::exchange(other.client_, nullptr)) {}
Place& Place::operator=(Place&& other) noexcept {
  std::swap(client_, other.client_);
  return *this;
}
Place::~Place() {
  if (client_ != nullptr) client_->gate().leave(*client_);
}

const Visit& Place::visit() const {
  THROTTLE_CHECK(client_ != nullptr);
  return client_->visit();
}

bool Place::is_extra() const {
  THROTTLE_CHECK(client_ != nullptr);
  return client_->share() == Share::kExtra;
}

void Place::set_receiver(Receiver& receiver) {
  THROTTLE_CHECK(client_ != nullptr);
  client_->set_receiver(receiver);
}

HeldStream::Contents Place::take(HeldStream::Handover handover) {
  THROTTLE_CHECK(client_ != nullptr);
  return client_->held().take(handover);
}

void Place::give_back(uv::TcpStream connection) {
  THROTTLE_CHECK(client_ != nullptr);
  client_->held().give_back(std::move(connection));
}

Result<Place::Socket> Place::take_socket() {
  THROTTLE_CHECK(client_ != nullptr);
  auto socket = client_->held().duplicate();
  if (!socket) return tl::unexpected(socket.error());
  HeldStream::Contents contents = client_->held().take();
  return Socket{.socket = *std::move(socket),
                .received = std::move(contents.received),
                .has_ended = contents.has_ended};
}

void Place::close_connection() {
  THROTTLE_CHECK(client_ != nullptr);
  client_->held().take();
}

void Place::limit_hold(Duration hold) {
  THROTTLE_CHECK(client_ != nullptr);
  client_->gate().limit_hold(*client_, hold);
}

void Place::turn_away(Refusal refusal) {
  THROTTLE_CHECK(client_ != nullptr);
  Client& client = *std::exchange(client_, nullptr);
  client.gate().turn_away(client, refusal);
}

}  // namespace throttle::gate
