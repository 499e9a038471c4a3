// A uv_tty_t in raw mode.
#include "libthrottle/uv/keyboard.h"

#include <array>

#include "libthrottle/uv/error.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

namespace {

constexpr uv_file kStandardInput = 0;
constexpr int kReadable = 1;  // libuv 1.23 and later do not look at it

}  // namespace

struct Keyboard::Box {
  uv_tty_t uv{};
  OnKeys on_keys;
  std::array<char, 256> bytes{};

  static void allocate(uv_handle_t* uv, std::size_t, uv_buf_t* buffer) noexcept {
    auto& box = box_of<Box>(uv);
    *buffer = uv_buf_init(box.bytes.data(), static_cast<unsigned>(box.bytes.size()));
  }
  static void read(uv_stream_t* uv, ssize_t size, const uv_buf_t*) noexcept {
    auto& box = box_of<Box>(uv);
    if (size == 0) return;
    if (size < 0) uv_read_stop(uv);
    box.on_keys(size < 0 ? std::string_view()
                         : std::string_view(box.bytes.data(), static_cast<std::size_t>(size)));
  }
};

Keyboard::Keyboard(BoxOwner<Box> box) : box_(std::move(box)) {}
Keyboard::Keyboard(Keyboard&&) noexcept = default;

Keyboard::~Keyboard() {
  if (box_ != nullptr) uv_tty_set_mode(&box_->uv, UV_TTY_MODE_NORMAL);
}

Result<Keyboard> Keyboard::open(Loop& loop, OnKeys on_keys) {
  if (uv_guess_handle(kStandardInput) != UV_TTY)
    return throttle::fail(ErrorCode::kUnavailable, "standard input is no terminal");
  auto box = std::make_unique<Box>(Box{.on_keys = on_keys});
  const char* const what = "cannot read the keys of the terminal";
  if (const int status = uv_tty_init(loop.raw(), &box->uv, kStandardInput, kReadable); status < 0)
    return fail(status, what);
  Keyboard keyboard(own(std::move(box)));
  if (const int status = uv_tty_set_mode(&keyboard.box_->uv, UV_TTY_MODE_RAW); status < 0)
    return fail(status, what);
  auto* const stream = reinterpret_cast<uv_stream_t*>(&keyboard.box_->uv);
  if (const int status = uv_read_start(stream, Box::allocate, Box::read); status < 0)
    return fail(status, what);
  return keyboard;
}

}  // namespace throttle::uv
