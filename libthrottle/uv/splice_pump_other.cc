// Systems without splice(2): everything has to be copied.
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/splice_pump.h"

namespace throttle::uv {

Pipe::~Pipe() = default;
Pipe::Pipe(Pipe&&) noexcept = default;
Pipe& Pipe::operator=(Pipe&&) noexcept = default;

bool SplicePump::is_available() noexcept {
  return false;
}

SplicePump::SplicePump(Loop& loop) : loop_(loop), pool_(loop.pipes()) {}

SplicePump::~SplicePump() = default;

SplicePump::Moved SplicePump::move(TcpStream&, TcpStream&, std::size_t) {
  return {State::kUnavailable, 0};
}

SplicePump::State SplicePump::go_on(TcpStream&) {
  return State::kFlowing;
}

}  // namespace throttle::uv
