// Other systems: there is no way to notice a departure without reading, so no watch starts.
#include "libthrottle/uv/departure_watch.h"
#include "libthrottle/uv/handle.h"

namespace throttle::uv {

struct DepartureWatch::Box {
  uv_handle_t uv{};
};

std::optional<DepartureWatch> DepartureWatch::start(Loop&, const TcpStream&, What, OnDeparture) {
  return std::nullopt;
}

DepartureWatch::DepartureWatch(BoxOwner<Box> box) : box_(std::move(box)) {}
DepartureWatch::DepartureWatch(DepartureWatch&&) noexcept = default;
DepartureWatch& DepartureWatch::operator=(DepartureWatch&&) noexcept = default;
DepartureWatch::~DepartureWatch() = default;

}  // namespace throttle::uv
