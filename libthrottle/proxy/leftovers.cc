// The list of processes that commands left running: added at the end, the oldest dropped first.
#include "libthrottle/proxy/leftovers.h"

#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::proxy {

Leftovers::Leftover::Leftover(Leftovers& owner, const HookCall& of, uv::Process process)
    : all(owner), call(of), command(std::move(process)) {
  command.set_receiver(*this);
}

void Leftovers::Leftover::on_line(uv::Process::Output, std::string_view line) noexcept {
  all.receiver_.on_line(call, line);
}

void Leftovers::Leftover::on_silence() noexcept {
  all.leftovers_.remove_if([this](const Leftover& each) { return &each == this; });
}

void Leftovers::add(const HookCall& call, uv::Process command) {
  if (!command.has_writers()) return;
  leftovers_.emplace_back(*this, call, std::move(command));
  if (leftovers_.size() <= kMost) return;
  const HookCall oldest = leftovers_.front().call;
  leftovers_.pop_front();
  THROTTLE_CHECK(leftovers_.size() == kMost);
  receiver_.on_too_many(oldest);
}

}  // namespace throttle::proxy
