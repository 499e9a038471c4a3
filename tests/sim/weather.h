// The world around a lease server, as bad as asked: requests that are lost or arrive twice, answers
// that are lost, a server that goes down and forgets, reloads, clients that crash.
//
// All of it comes from one seed. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/checked_ledger.h"

namespace throttle::testing {

// How often each happens, in percent.
struct Weather {
  unsigned lost_request = 0;
  unsigned lost_answer = 0;
  unsigned doubled_request = 0;
  unsigned restart = 0;  // a tick
  unsigned reload = 0;   // a tick
  unsigned crash = 0;    // a client's tick
  Duration startup_grace{};
};

class World {
 public:
  World(std::uint64_t seed, const Weather& weather);

  // --- for the clients ---

  // Sends a request and returns the answer, if both arrive. A doubled one must change nothing more.
  template <typename Ask>
  auto request(Ask ask)
      -> std::optional<decltype(ask(std::declval<CheckedLedger&>(), TimePoint{}))> {
    if (is_down() || happens(weather_.lost_request)) return std::nullopt;
    auto answer = ask(*ledger_, now_);
    listen();
    if (happens(weather_.doubled_request)) {
      const LedgerPicture before = ledger_->picture().without_deadlines();
      answer = ask(*ledger_, now_);
      expect_only_refusals();
      if (ledger_->picture().without_deadlines() != before) accuse("S6: twice is not once");
    }
    if (happens(weather_.lost_answer)) return std::nullopt;
    return answer;
  }
  // One that may not be repeated blindly: a doubled one would be another.
  template <typename Ask>
  auto request_once(Ask ask) {
    const unsigned doubled = std::exchange(weather_.doubled_request, 0U);
    auto answer = request(ask);
    weather_.doubled_request = doubled;
    return answer;
  }

  TimePoint now() const { return now_; }
  bool happens(unsigned percent) { return below(100) < percent; }
  std::size_t below(std::size_t limit) { return random_() % limit; }
  // Of the semaphores there may be, by falling level.
  static const std::vector<std::string>& names();

  // --- for the test ---

  // Some time passes, and what the weather brings with it.
  void tick();
  void make_peace() { weather_ = {}; }
  const CheckedLedger& ledger() const { return *ledger_; }
  const std::vector<SemaphoreSettings>& settings() const { return settings_; }
  void on_event(std::function<void(const LedgerEvent&)> listener) {
    listener_ = std::move(listener);
  }
  std::size_t restarts() const { return restarts_; }
  // The first thing that went wrong, empty if nothing did.
  std::string violation() const {
    return ledger_->violation().empty() ? violation_ : ledger_->violation();
  }

 private:
  bool is_down() const { return now_ < up_from_; }
  void restart();
  void reload();
  void start_ledger();
  void listen();
  void expect_only_refusals();
  void accuse(const std::string& what) {
    if (violation_.empty()) violation_ = what;
  }

  std::mt19937_64 random_;
  Weather weather_;
  TimePoint now_;
  TimePoint up_from_;
  std::vector<SemaphoreSettings> settings_;
  std::unique_ptr<CheckedLedger> ledger_;
  std::function<void(const LedgerEvent&)> listener_;
  FencingToken last_token_ = 0;
  std::size_t restarts_ = 0;
  std::string violation_;
};

}  // namespace throttle::testing
