// The door with a ledger, a router and a clock in hand, asked in plain text:
//
//   ask("PUT /peers/5/A?block_for=5s", "1")  →  "200 5", or "parked"
//
// Every step ends as a turn of the server does, and proves that the ledger is whole.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/core/lease_ledger.h"
#include "libthrottle/http/router.h"
#include "libthrottle/lease/lease_door.h"

namespace throttle::lease {

// Nothing but decimal digits, as clients of 0.1.x paste ids into URLs.
MATCHER(IsDigits, "is a bare number") {
  return !arg.empty() && arg.find_first_not_of("0123456789") == std::string::npos;
}

class DoorTest : public testing::Test {
 protected:
  DoorTest();
  ~DoorTest() override;

  // Semaphores of level 0 if not said otherwise; those that are not named are retired.
  void configure(std::initializer_list<SemaphoreSettings> semaphores);

  // "STATUS BODY" of the answer, or "parked". The body is said to be JSON.
  std::string ask(std::string_view line, std::string_view body = {});
  std::string ask_as(std::string_view content_type, std::string_view line, std::string_view body);
  // The same without the end of the turn: what happened reaches the door before the next request.
  std::string ask_in_turn(std::string_view line, std::string_view body = {});
  void end_turn();

  // Time passes, and the timers of the server fire.
  void pass(Duration time);
  // Time passes, and the next request comes before any timer.
  void pass_unnoticed(Duration time) { now_ += time; }

  // The exchange of the latest ask(), and what it was answered in the meantime; "parked" if
  // nothing.
  http::ExchangeId exchange() const { return exchange_; }
  std::string answer(http::ExchangeId exchange) const;
  const http::Response& response(http::ExchangeId exchange) const;
  const http::Response& response() const { return response(exchange_); }
  // The header Throttle-Fencing-Token; empty if there is none.
  std::string token(http::ExchangeId exchange) const;
  std::string token() const { return token(exchange_); }

  // Commands that read as one word in a test. They expect success.
  std::string new_peer(std::string_view expires_in = "5min");  // its id
  void restore(std::string_view id, std::string_view acquired = "{}");
  std::string remainder(std::string_view semaphore);

  LeaseLedger ledger;
  LeaseDoor door;

 private:
  http::Router router_;
  TimePoint now_{};
  http::ExchangeId exchange_ = 0;
  std::map<http::ExchangeId, http::Response> answers_;
};

}  // namespace throttle::lease
