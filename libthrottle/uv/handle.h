// The private half of box.h, for the .cc files of this room: a box is a struct whose member `uv` is
// the libuv handle.
//
// After uv_close() libuv calls neither a timer, a signal, an async nor a read callback again;
// callbacks of requests (write, connect) still come and must ask closing() before they touch the
// receiver.
#pragma once

#include <uv.h>

#include "libthrottle/uv/box.h"

namespace throttle::uv {

template <typename Uv>
uv_handle_t* as_handle(Uv* uv) noexcept {
  return reinterpret_cast<uv_handle_t*>(uv);
}

template <typename Uv>
bool closing(const Uv& uv) noexcept {
  return uv_is_closing(reinterpret_cast<const uv_handle_t*>(&uv)) != 0;
}

// The box of a handle that a callback was given.
template <typename Box, typename Uv>
Box& box_of(Uv* uv) noexcept {
  return *static_cast<Box*>(uv->data);
}

// Makes the box findable from its handle; to be called once the handle is initialised.
template <typename Box>
BoxOwner<Box> own(std::unique_ptr<Box> box) noexcept {
  as_handle(&box->uv)->data = box.get();
  return BoxOwner<Box>(box.release());
}

template <typename Box>
void CloseBox<Box>::operator()(Box* box) const noexcept {
  uv_close(as_handle(&box->uv),
           [](uv_handle_t* uv) noexcept { delete static_cast<Box*>(uv->data); });
}

}  // namespace throttle::uv
