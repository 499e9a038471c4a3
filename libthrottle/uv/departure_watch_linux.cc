// Linux: polls a duplicate of the stream's descriptor for hang-ups, as libuv polls the original for
// reading.
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "libthrottle/uv/departure_watch.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/tcp_box.h"

namespace throttle::uv {

// Its descriptor counts as one of a connection: many clients may be watched at once.
struct DepartureWatch::Box {
  Box(Loop& of, int duplicate, OnDeparture report)
      : loop(of), descriptor(duplicate), on_departure(report) {
    loop.add_stream();
  }
  ~Box() { loop.remove_stream(); }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;

  uv_poll_t uv{};
  Loop& loop;
  int descriptor;
  OnDeparture on_departure;

  // The end is reported again and again as long as one looks.
  static void departed(uv_poll_t* uv, int status, int) noexcept {
    auto& box = box_of<Box>(uv);
    uv_poll_stop(uv);
    box.on_departure(status < 0 ? Departure::kReset : Departure::kEnd);
  }
};

std::optional<DepartureWatch> DepartureWatch::start(Loop& loop, const TcpStream& stream, What what,
                                                    OnDeparture on_departure) {
  // A Unix socket has no resets; a hang-up of both directions is how it ends.
  if (stream.is_unix() && what == What::kReset) return std::nullopt;
  if (!loop.may_open_descriptor()) return std::nullopt;
  uv_os_fd_t original = -1;
  if (uv_fileno(as_handle(&stream.box_->uv), &original) != 0) return std::nullopt;
  const int descriptor = fcntl(original, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return std::nullopt;
  auto box = std::make_unique<Box>(loop, descriptor, on_departure);
  if (uv_poll_init(loop.raw(), &box->uv, descriptor) != 0) {
    ::close(descriptor);
    return std::nullopt;
  }
  auto owned = own(std::move(box));
  // Errors and hang-ups of both directions come with any event; urgent bytes are what never comes.
  const int events = what == What::kReset ? UV_PRIORITIZED : UV_DISCONNECT;
  uv_poll_start(&owned->uv, events, Box::departed);
  return DepartureWatch(std::move(owned));
}

DepartureWatch::DepartureWatch(BoxOwner<Box> box) : box_(std::move(box)) {}
DepartureWatch::DepartureWatch(DepartureWatch&&) noexcept = default;
DepartureWatch& DepartureWatch::operator=(DepartureWatch&& other) noexcept {
  std::swap(box_, other.box_);
  return *this;
}

// The second descriptor keeps the connection open, so it goes at once and not with the handle.
DepartureWatch::~DepartureWatch() {
  if (!box_) return;
  uv_poll_stop(&box_->uv);
  ::close(box_->descriptor);
}

}  // namespace throttle::uv
