// The order in which an arrival is examined: header, permit, first byte. Each step is taken once,
// and a client that is limited by its address is limited by the address in the header.
#include "libthrottle/gate/arrivals.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/proxy_header.h"

namespace throttle::gate {
namespace {

constexpr Arrivals::Decision kStays{Arrivals::Step::kStays, Refusal::kNone};
constexpr Arrivals::Decision kEnrolls{Arrivals::Step::kEnrolls, Refusal::kNone};

constexpr Arrivals::Decision rejected(Refusal refusal) {
  return {Arrivals::Step::kRejected, refusal};
}

}  // namespace

Arrivals::Arrivals(Roster& roster, const Options& options)
    : roster_(roster), options_(options), limiter_(options.client_limits) {}

Arrivals::Decision Arrivals::arrive(Visitor& visitor, TimePoint now) {
  THROTTLE_CHECK(visitor.stage_ == Stage::kArrived);
  if (!is_within(visitor.visit_.client.ip, options_.accept_proxy)) return permit(visitor, now);
  roster_.move(visitor, Stage::kHeader);
  deadlines_.insert(visitor.slot_,
                    saturating_add(visitor.visit_.accepted, options_.proxy_header_timeout));
  return kStays;
}

Arrivals::Decision Arrivals::on_received(Visitor& visitor, TimePoint now) {
  switch (visitor.stage_) {
    case Stage::kHeader:
      return read_header(visitor, now);
    case Stage::kSilent:
      forget(visitor);
      return kEnrolls;
    default:
      return kStays;
  }
}

Arrivals::Decision Arrivals::read_header(Visitor& visitor, TimePoint now) {
  const auto header = parse_proxy_header(visitor.received());
  const bool is_late = header && !*header && visitor.has_ended();
  if (!header || is_late) return rejected(Refusal::kBadProxyHeader);
  if (!*header) return kStays;
  forget(visitor);
  THROTTLE_CHECK((*header)->bytes <= visitor.received().size());
  visitor.skip((*header)->bytes);
  if (const auto& connection = (*header)->connection) {
    visitor.visit_.client = connection->source;
    visitor.visit_.destination = connection->destination;
  }
  return permit(visitor, now);
}

Arrivals::Decision Arrivals::permit(Visitor& visitor, TimePoint now) {
  THROTTLE_CHECK(!visitor.permit_);
  const bool in_time =
      rate_.accept(visitor.visit_.client.ip, now, options_.max_rate, options_.client_limits);
  if (!in_time) return rejected(Refusal::kTooOften);
  visitor.permit_ = limiter_.accept(visitor.visit_.client.ip);
  if (!visitor.permit_) return rejected(Refusal::kPerClient);
  const bool owes_a_byte = options_.activate_on == ActivateOn::kFirstByte;
  if (owes_a_byte && visitor.received().empty()) return await_first_byte(visitor);
  return kEnrolls;
}

Arrivals::Decision Arrivals::await_first_byte(Visitor& visitor) {
  THROTTLE_CHECK(visitor.permit_.has_value());
  if (options_.max_silent == 0) return rejected(Refusal::kQueueFull);
  roster_.move(visitor, Stage::kSilent);
  visitor.silent_number_ = next_number_++;
  silent_.emplace(visitor.silent_number_, &visitor);
  if (options_.silence_timeout == kForever) return kStays;
  deadlines_.insert(visitor.slot_,
                    saturating_add(visitor.visit_.accepted, options_.silence_timeout));
  return kStays;
}

void Arrivals::forget(const Visitor& visitor) {
  deadlines_.erase(visitor.slot_);
  if (visitor.stage_ != Stage::kSilent) return;
  const std::size_t erased = silent_.erase(visitor.silent_number_);
  THROTTLE_CHECK(erased <= 1);
}

// Those that do not speak must not keep out those that do: a port scan would close the service.
Visitor* Arrivals::find_excess() const {
  if (silent_.size() <= std::max<std::size_t>(options_.max_silent, 1)) return nullptr;
  return silent_.begin()->second;
}

std::optional<Arrivals::Overdue> Arrivals::pop_overdue(TimePoint now) {
  const auto slot = deadlines_.pop_due(now);
  if (!slot) return std::nullopt;
  Visitor& visitor = roster_.at(*slot);
  THROTTLE_CHECK(visitor.stage_ == Stage::kHeader || visitor.stage_ == Stage::kSilent);
  const bool silent = visitor.stage_ == Stage::kSilent;
  return Overdue{visitor, silent ? Refusal::kSilent : Refusal::kBadProxyHeader};
}

void Arrivals::set_client_limits(ConnectionLimiter::Config limits) {
  limiter_.set_config(std::move(limits));
}

}  // namespace throttle::gate
