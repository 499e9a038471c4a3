// The counts of each client, kept by the one function that moves a visitor from share to share.
#include "libthrottle/gate/extra_places.h"

#include "libthrottle/core/check.h"

namespace throttle::gate {

IpAddress ExtraPlaces::client_of(const Visitor& visitor) const {
  if (visitor.share_ != Share::kNone) return visitor.shares_as_;
  return options_.client_limits.client_of(visitor.visit().client.ip);
}

void ExtraPlaces::move(Visitor& visitor, Share to) {
  if (visitor.share_ == to) return;
  const IpAddress key = client_of(visitor);
  Client& client = clients_[key];
  switch (visitor.share_) {
    case Share::kNone:
      visitor.shares_as_ = key;
      visitor.share_number_ = next_number_++;
      break;
    case Share::kWaits:
      THROTTLE_CHECK(client.waiting.erase(visitor.share_number_) == 1);
      break;
    case Share::kPlace:
      THROTTLE_CHECK(client.places-- > 0);
      break;
    case Share::kExtra:
      THROTTLE_CHECK(client.extras-- > 0);
      break;
  }
  visitor.share_ = to;
  if (to == Share::kWaits) client.waiting.emplace(visitor.share_number_, &visitor);
  if (to == Share::kPlace) ++client.places;
  if (to == Share::kExtra) ++client.extras;
  update_entitled(key, client);
  if (client.places == 0 && client.extras == 0 && client.waiting.empty()) clients_.erase(key);
}

bool ExtraPlaces::has_right(const Client& client) const {
  return client.places > 0 && client.extras < options_.extra_per_client;
}

bool ExtraPlaces::has_right(const Visitor& visitor) const {
  const auto found = clients_.find(client_of(visitor));
  return found != clients_.end() && has_right(found->second);
}

void ExtraPlaces::update_entitled(const IpAddress& key, Client& client) {
  const bool is_entitled = has_right(client) && !client.waiting.empty();
  const std::uint64_t as = is_entitled ? client.waiting.begin()->first : 0;
  if (as == client.entitled_as) return;
  if (client.entitled_as != 0) THROTTLE_CHECK(entitled_.erase(client.entitled_as) == 1);
  if (as != 0) THROTTLE_CHECK(entitled_.emplace(as, key).second);
  client.entitled_as = as;
}

Visitor* ExtraPlaces::find_entitled(const std::function<bool(const Visitor&)>& may_move) const {
  for (const auto& [first, key] : entitled_) {
    for (const auto& [number, visitor] : clients_.at(key).waiting)
      if (may_move(*visitor)) return visitor;
  }
  return nullptr;
}

void ExtraPlaces::on_options_changed() {
  for (auto& [key, client] : clients_)
    update_entitled(key, client);
}

}  // namespace throttle::gate
