// The label of a peer: a text for people that the ledger and its events share, so that an event
// names its peer also after the peer is gone.
//
// Idea: one pointer to a text that counts its owners. An empty label is a null pointer: a peer
// without a label costs 8 bytes, and to copy its label costs nothing. std::shared_ptr would take 16
// bytes in each peer and in each event.
// Threads: values; the text never changes and its count is atomic, so copies may go to other
// threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace throttle {

class Label {
 public:
  Label() = default;
  explicit Label(std::string text)
      : shared_(text.empty() ? nullptr : new Shared{1, std::move(text)}) {}
  Label(const Label& other) noexcept : shared_(other.shared_) {
    if (shared_ != nullptr) shared_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Label(Label&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  Label& operator=(Label other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~Label() {
    if (shared_ != nullptr) release();
  }

  bool empty() const { return shared_ == nullptr; }
  // Valid while this label or a copy of it lives.
  std::string_view text() const { return empty() ? std::string_view() : shared_->text; }
  bool operator==(const Label& other) const { return text() == other.text(); }

 private:
  struct Shared {
    std::atomic<std::uint32_t> owners;
    const std::string text;
  };

  void release() noexcept {
    if (shared_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared_;
  }

  Shared* shared_ = nullptr;
};

}  // namespace throttle
