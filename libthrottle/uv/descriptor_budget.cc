// The sums behind DescriptorBudget. Owners are few, so each question adds them all up.
#include "libthrottle/uv/descriptor_budget.h"

#include <algorithm>

#include "libthrottle/core/check.h"

namespace throttle::uv {

std::size_t DescriptorBudget::Account::used_with(std::size_t count) const {
  return count + std::min(count, places);
}

void DescriptorBudget::Leave::operator()(Account* account) const {
  THROTTLE_CHECK(account->*count > 0);
  --(account->*count);
  if (account->acceptors > 0 || account->accepted > 0) return;
  budget->accounts_.remove_if([account](const Account& each) { return &each == account; });
}

DescriptorBudget::Counted DescriptorBudget::count(Account& account, std::size_t Account::*what) {
  ++(account.*what);
  return {&account, Leave{.budget = this, .count = what}};
}

DescriptorBudget::Share DescriptorBudget::open(const void* owner, std::size_t places) {
  THROTTLE_CHECK(owner != nullptr);
  auto found = std::ranges::find_if(accounts_, [owner](const Account& each) {
    return each.owner == owner && each.acceptors > 0;
  });
  if (found == accounts_.end()) found = accounts_.insert(accounts_.end(), Account{.owner = owner});
  found->places = places;
  return count(*found, &Account::acceptors);
}

void DescriptorBudget::set_places(const Share& share, std::size_t places) {
  THROTTLE_CHECK(share != nullptr);
  share->places = places;
}

DescriptorBudget::Ticket DescriptorBudget::accept(const Share& share) {
  THROTTLE_CHECK(share != nullptr);
  return count(*share, &Account::accepted);
}

std::size_t DescriptorBudget::usable() const {
  return limit_ - std::min(kSpare, limit_ / 2);
}

// Of owners that still accept: the rest of a retired one only shrinks.
std::size_t DescriptorBudget::reserve_of(const Account& account) const {
  if (account.acceptors == 0) return 0;
  std::size_t wanted = 0;
  for (const Account& each : accounts_)
    if (each.acceptors > 0) wanted += each.wanted_reserve();
  if (wanted <= usable()) return account.wanted_reserve();
  return static_cast<std::size_t>(static_cast<double>(account.wanted_reserve()) *
                                  static_cast<double>(usable()) / static_cast<double>(wanted));
}

bool DescriptorBudget::may_accept(const Share& share, std::size_t open) const {
  THROTTLE_CHECK(share != nullptr);
  if (open >= usable()) return false;
  if (share->accepted == 0) return true;
  std::size_t used = 0;
  std::size_t claimed = std::max(share->used_with(share->accepted + 1), reserve_of(*share));
  for (const Account& each : accounts_) {
    used += each.used();
    if (&each != share.get()) claimed += std::max(each.used(), reserve_of(each));
  }
  const std::size_t of_nobody = open - std::min(open, used);
  return claimed + of_nobody <= usable();
}

}  // namespace throttle::uv
