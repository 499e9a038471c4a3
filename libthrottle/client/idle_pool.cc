// The pool is a stack: the connection used last is used next, so that those that are not needed
// grow old and are dropped.
#include "libthrottle/client/idle_pool.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/clock.h"

namespace throttle::client {

class IdlePool::Kept final : uv::Wire::Receiver {
 public:
  Kept(IdlePool& pool, std::unique_ptr<uv::Wire> wire, TimePoint until)
      : pool_(pool), wire_(std::move(wire)), until_(until) {
    wire_->set_receiver(*this);
  }

  TimePoint until() const { return until_; }
  std::unique_ptr<uv::Wire> give() { return std::move(wire_); }

 private:
  void on_bytes(std::string_view) noexcept override { pool_.drop(*this); }
  void on_eof() noexcept override { pool_.drop(*this); }
  void on_drained() noexcept override {}
  void on_reset() noexcept override { pool_.drop(*this); }
  void on_failed(const Error&) noexcept override { pool_.drop(*this); }

  IdlePool& pool_;
  std::unique_ptr<uv::Wire> wire_;
  TimePoint until_;
};

IdlePool::IdlePool(uv::Loop& loop, std::size_t most, Duration keep_time)
    : most_(most), keep_time_(keep_time), timer_(loop, uv::bound<&IdlePool::on_due>(this)) {}
IdlePool::~IdlePool() = default;

void IdlePool::put(std::unique_ptr<uv::Wire> wire) {
  THROTTLE_CHECK(wire->is_open() && wire->queued_bytes() == 0);
  THROTTLE_CHECK(kept_.size() <= most_);
  if (most_ == 0) return;
  if (kept_.size() == most_) kept_.erase(kept_.begin());
  kept_.push_back(
      std::make_unique<Kept>(*this, std::move(wire), saturating_add(uv::now(), keep_time_)));
  arm();
}

std::unique_ptr<uv::Wire> IdlePool::take() {
  if (kept_.empty()) return nullptr;
  auto wire = kept_.back()->give();
  THROTTLE_CHECK(wire != nullptr);
  kept_.pop_back();
  return wire;
}

void IdlePool::drop(const Kept& kept) {
  const auto found = std::ranges::find(kept_, &kept, &std::unique_ptr<Kept>::get);
  THROTTLE_CHECK(found != kept_.end());
  kept_.erase(found);
}

void IdlePool::on_due() {
  const TimePoint now = uv::now();
  std::erase_if(kept_, [now](const auto& kept) { return kept->until() <= now; });
  arm();
}

void IdlePool::arm() {
  timer_.arm(kept_.empty() ? kNever : kept_.front()->until());
}

}  // namespace throttle::client
