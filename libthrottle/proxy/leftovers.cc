#include "libthrottle/proxy/leftovers.h"

#include <utility>

namespace throttle::proxy {

Leftovers::Leftover::Leftover(Leftovers& its_all, const HookCall& its_call, uv::Process its_command)
    : all(its_all), call(its_call), command(std::move(its_command)) {
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
  receiver_.on_too_many(oldest);
}

}  // namespace throttle::proxy
