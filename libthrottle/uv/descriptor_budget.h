// Shares the descriptors of the process out among those that accept connections on one loop, so
// that idle connections of one take nothing that another one was promised.
//
// Each owner of acceptors has an account. Its reserve is two descriptors for each place that it
// gives (the client's end and the upstream's) and a few for clients that wait or have no place.
// What nobody has reserved goes to the first that asks. If all reserves together exceed the limit,
// each is cut by the same ratio. Threads: the loop's.
#pragma once

#include <cstddef>
#include <list>
#include <memory>

namespace throttle::uv {

class DescriptorBudget {
 public:
  // Left to all that is not a connection: listeners, log, files being read, commands.
  static constexpr std::size_t kSpare = 64;
  // The reserve of an owner beside that for its places.
  static constexpr std::size_t kReserve = 16;

 private:
  struct Account {
    const void* owner = nullptr;
    std::size_t acceptors = 0;
    std::size_t places = 0;
    std::size_t accepted = 0;  // connections that are open

    // An accepted connection that can get a place counts twice from the beginning.
    std::size_t used_with(std::size_t count) const;
    std::size_t used() const { return used_with(accepted); }
    std::size_t wanted_reserve() const { return 2 * places + kReserve; }
  };
  using Accounts = std::list<Account>;
  using Position = Accounts::iterator;

  // Counts in an account while it lives.
  struct Leave {
    DescriptorBudget* budget = nullptr;
    std::size_t Account::*count = nullptr;
    void operator()(Account* account) const;
  };
  using Counted = std::unique_ptr<Account, Leave>;

 public:
  // What an acceptor has while it accepts.
  using Share = Counted;
  // What a connection has while it is open.
  using Ticket = Counted;

  explicit DescriptorBudget(std::size_t limit) : limit_(limit) {}
  DescriptorBudget(const DescriptorBudget&) = delete;
  DescriptorBudget& operator=(const DescriptorBudget&) = delete;

  // The limit of descriptors in force.
  void set_limit(std::size_t limit) { limit_ = limit; }

  // Acceptors of one owner have one account. The budget outlives shares and tickets.
  Share open(const void* owner, std::size_t places);
  void set_places(const Share& share, std::size_t places);

  // Whether the owner may accept one more connection, with `open` descriptors of connections and
  // commands open in all. An owner without a connection may as long as there are any.
  bool may_accept(const Share& share, std::size_t open) const;
  Ticket accept(const Share& share);

  // What may be open in all; half the limit at least, however low that is.
  std::size_t usable() const;

 private:
  Counted count(Account& account, std::size_t Account::*what);
  std::size_t reserve_of(const Account& account) const;

  std::size_t limit_;
  Accounts accounts_;
};

}  // namespace throttle::uv
