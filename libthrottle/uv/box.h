// How every object of this room owns its libuv handle.
//
// libuv uses a handle until its close callback has run, which is later than its owner likes to die.
// So the handle and all that its callbacks need live in a box on the heap; the owner is a
// unique_ptr that closes the box instead of deleting it, and the close callback deletes it. An
// owner may therefore be moved, and may be destroyed at any time, also from the handle's own
// callback. Boxes are defined in the .cc files: <uv.h> stays out of the headers.
#pragma once

#include <memory>

namespace throttle::uv {

template <typename Box>
struct CloseBox {
  void operator()(Box* box) const noexcept;  // libthrottle/uv/handle.h
};

template <typename Box>
using BoxOwner = std::unique_ptr<Box, CloseBox<Box>>;

}  // namespace throttle::uv
