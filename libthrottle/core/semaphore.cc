// How waiters enter and leave a queue, with the sums and turns that go with it.
#include "libthrottle/core/semaphore.h"

#include <algorithm>

#include "libthrottle/core/ip_network.h"

namespace throttle {

void Semaphore::configure(const SemaphoreSettings& settings) {
  settings_ = settings;
  retired_ = false;
}

Count Semaphore::over_commit() const {
  const Count held = acquired_.value();
  return held - std::min(held, std::max<Count>(settings_.full_count, 0));
}

// --- the queue ---

IpAddress Semaphore::turn_of(const IpAddress& client) {
  return masked(client, client.is_v4() ? 32 : 64);
}

WaiterSlot Semaphore::enqueue(Waiters& waiters, const Waiter& waiter, TimePoint limit,
                              const IpAddress& client) {
  THROTTLE_CHECK(waiter.semaphore == index_);
  const WaiterSlot slot = waiters.add(waiter, limit);
  waiters.append_to(queue_, slot);
  ++waiting_;
  pending_.add(waiter.count);
  if (turns_ != nullptr) turns_->add(turn_of(client), waiters[slot].arrival, slot);
  return slot;
}

Waiter Semaphore::dequeue(Waiters& waiters, WaiterSlot slot, const IpAddress& client) {
  const Waiter waiter = waiters[slot];
  THROTTLE_CHECK(waiter.semaphore == index_ && waiting_ > 0);
  waiters.remove_from(queue_, slot);
  if (turns_ != nullptr) turns_->remove(turn_of(client), waiter.arrival);
  --waiting_;
  pending_.subtract(waiter.count);
  waiters.remove(slot);
  return waiter;
}

void Semaphore::end_turn(const IpAddress& client) {
  if (turns_ != nullptr) turns_->end_turn(turn_of(client));
}

// --- the proof ---

std::string Semaphore::check(const Waiters& waiters) const {
  const std::string& name = settings_.name;
  if (!waiters.is_whole(queue_)) return name + ": the queue is torn";
  WideSum pending;
  std::size_t waiting = 0;
  std::uint64_t latest = 0;
  for (WaiterSlot slot = queue_.oldest(); slot != kNoSlot; slot = waiters[slot].links.newer) {
    const Waiter& waiter = waiters[slot];
    if (waiter.semaphore != index_) return name + ": one waits in the queue of another";
    if (waiter.arrival <= latest) return name + ": the queue is not in the order of arrival";
    latest = waiter.arrival;
    pending.add(waiter.count);
    ++waiting;
  }
  if (pending != pending_ || waiting != waiting_)
    return name + ": the waiters do not sum up to what is pending";
  if (takes_turns() != (settings_.order == QueueOrder::kFair))
    return name + ": the queue is not arranged in its order";
  std::size_t served = 0;
  visit_queue(waiters, [&](WaiterSlot) { ++served; });
  if (served != waiting_) return name + ": the order of service is not that of the waiters";
  if (waiting_ > 0 && waiters[head()].semaphore != index_) return name + ": the head is of another";
  return {};
}

}  // namespace throttle
