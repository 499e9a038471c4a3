// The hash chain of the journal: the hash of a batch covers the hash before it and every row.
//
// A row is encoded as its table's first letter in lower case, then each column in the table's
// order: NULL is a byte 0; an integer a byte 1 and the zigzag LEB128 number; a text a byte 2, its
// length as LEB128 and its bytes. Writer and verifier share this and the schema, and nothing else.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/sha256.h"

namespace throttle::journal {

using Hash = Sha256::Digest;

// What stands before the first batch of a file, from its id of 32 letters.
Hash first_hash(std::string_view journal_id) noexcept;

// Rows as the bytes that are hashed.
class RowBytes {
 public:
  void row(char letter) { *room(1) = static_cast<std::uint8_t>(letter), ++size_; }
  void null() { *room(1) = 0, ++size_; }
  void integer(std::int64_t value);
  void text(std::string_view value);

  void column(std::int64_t value) { integer(value); }
  void column(const std::optional<std::int64_t>& value) { value ? integer(*value) : null(); }
  void column(std::string_view value) { text(value); }
  void column(const std::optional<std::string>& value) { value ? text(*value) : null(); }

  std::span<const std::uint8_t> bytes() const { return std::span(bytes_).first(size_); }
  void clear() { size_ = 0; }

 private:
  // The next `more` bytes.
  std::uint8_t* room(std::size_t more) {
    if (bytes_.size() - size_ < more) bytes_.resize(2 * bytes_.size() + more + 4096);
    return bytes_.data() + size_;
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
};

// The hash of a batch: of the hash before it and its rows, which come in the order run, semaphore,
// proxy, peer, event, detail, connection, refusal, batch.
class Chain {
 public:
  explicit Chain(const Hash& previous) noexcept { hash_.update(previous); }
  void add(const RowBytes& rows) noexcept { hash_.update(rows.bytes()); }
  // The object is used up.
  Hash finish() noexcept { return hash_.finish(); }

 private:
  Sha256 hash_;
};

}  // namespace throttle::journal
