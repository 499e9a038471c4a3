// Items of T by the 64-bit id that each carries, for a million of them: to find one costs one cache
// miss, the item itself. T is made of its id and says it: T(id), id().
//
// Idea: open addressing with linear probing, and a table of tags beside that of the items: of each
// place one byte, some bits of the hash. The tags are few enough to stay in the cache and nearly
// always lead to the right item, so the processor goes on while that is on its way from the memory.
// To compare the items themselves, or eight tags at once, was slower. Erasing moves later items up,
// so there are no tombstones.
// Invariants: from the home of an item to its place no tag is kFree; at most three of four places
// are taken, more only while there is no memory to grow, and never all. Items move when one is
// inserted or erased. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "libthrottle/core/check.h"
#include "libthrottle/core/hash.h"

namespace throttle {

// To be the base of an item, with its constructors.
class Identified {
 public:
  Identified() = default;
  explicit Identified(std::uint64_t id) : id_(id) {}
  std::uint64_t id() const { return id_; }

 private:
  std::uint64_t id_ = 0;
};

template <typename T, template <typename> typename Allocator = std::allocator>
class IdTable {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using Id = std::uint64_t;

  // Null if there is none.
  T* find(Id id) { return const_cast<T*>(std::as_const(*this).find(id)); }
  const T* find(Id id) const {
    const Hash hash = mix64(id);
    for (std::size_t place = home(hash);; place = next(place)) {
      if (tags_[place] == tag(hash) && items_[place].id() == id) return &items_[place];
      if (tags_[place] == kFree) return nullptr;
    }
  }

  // Whether it takes another item. False only where it could not grow, and is nearly full.
  bool has_room() const { return size_ < tags_.size() / 16 * 15; }

  // Puts in a fresh item of this id, which is not in the table. It has room.
  T& insert(Id id) {
    THROTTLE_CHECK(has_room() && find(id) == nullptr);
    if (size_ >= tags_.size() / 4 * 3) grow();
    ++size_;
    return put(T(id));
  }

  // Takes out an item, which is in the table.
  void erase(const T& item) {
    auto hole = static_cast<std::size_t>(&item - items_.data());
    THROTTLE_CHECK(hole < items_.size() && tags_[hole] != kFree);
    for (std::size_t place = next(hole); tags_[place] != kFree; place = next(place)) {
      // It may go back to the hole, but not beyond its home.
      const std::size_t from_home = (place - home(mix64(items_[place].id()))) & mask();
      if (from_home < ((place - hole) & mask())) continue;
      items_[hole] = items_[place];
      tags_[hole] = tags_[place];
      hole = place;
    }
    tags_[hole] = kFree;
    --size_;
  }

  std::size_t size() const { return size_; }

  // Every item, in no order.
  template <typename Visitor>
  void visit(Visitor visitor) const {
    for (std::size_t place = 0; place < tags_.size(); ++place) {
      if (tags_[place] != kFree) visitor(items_[place]);
    }
  }

 private:
  using Hash = std::uint64_t;
  using Tag = std::uint8_t;
  using Tags = std::vector<Tag, Allocator<Tag>>;
  using Items = std::vector<T, Allocator<T>>;
  static constexpr Tag kFree = 0;
  static constexpr std::size_t kLeast = 16;  // places; always a power of two

  std::size_t mask() const { return tags_.size() - 1; }
  std::size_t home(Hash hash) const { return static_cast<std::size_t>(hash) & mask(); }
  std::size_t next(std::size_t place) const { return (place + 1) & mask(); }
  static Tag tag(Hash hash) { return static_cast<Tag>(hash >> 56U | 1U); }

  T& put(const T& item) {
    const Hash hash = mix64(item.id());
    std::size_t place = home(hash);
    while (tags_[place] != kFree)
      place = next(place);
    tags_[place] = tag(hash);
    return items_[place] = item;
  }

  // Without memory it stays as it is, and tries again for the next item.
  void grow() {
    try {
      Tags tags(tags_.size() * 2, kFree);
      Items items(tags.size());
      tags.swap(tags_);
      items.swap(items_);
      refill(tags, items);
    } catch (const std::bad_alloc&) {
    }
  }

  void refill(const Tags& tags, const Items& items) {
    for (std::size_t place = 0; place < tags.size(); ++place) {
      if (tags[place] != kFree) put(items[place]);
    }
  }

  Tags tags_ = Tags(kLeast, kFree);
  Items items_ = Items(kLeast);
  std::size_t size_ = 0;
};

}  // namespace throttle
