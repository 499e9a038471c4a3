// Asks the door as a connection would, and ends the turn as the runtime does.
#include "tests/lease/door_fixture.h"

#include <utility>
#include <vector>

#include "tests/http/whole_body.h"

namespace throttle::lease {

namespace {

http::Method method_named(std::string_view name) {
  using enum http::Method;
  for (const http::Method method : {kGet, kHead, kPost, kPut, kDelete})
    if (http::to_string(method) == name) return method;
  return kOther;
}

// "PUT /peers/5/A?block_for=5s" with a body.
http::Request request_of(std::string_view line, std::string_view body) {
  http::Request request;
  const std::size_t blank = line.find(' ');
  request.method = method_named(line.substr(0, blank));
  const std::string_view target = line.substr(blank + 1);
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query = mark == target.size() ? std::string_view() : target.substr(mark + 1);
  request.body = body;
  return request;
}

std::string summary(const http::Response& response) {
  return std::to_string(response.status) + " " + response.body;
}

}  // namespace

DoorTest::DoorTest() : ledger({.seed = 7, .wall_ms = 1'000'000}), door(ledger) {
  door.add_routes(router_);
}

DoorTest::~DoorTest() {
  door.stop_parking();
  EXPECT_EQ(door.parked_count(), 0U);
}

void DoorTest::configure(std::initializer_list<SemaphoreSettings> semaphores) {
  ledger.configure(now_, std::vector<SemaphoreSettings>(semaphores));
  end_turn();
}

std::string DoorTest::ask(std::string_view line, std::string_view body) {
  ask_in_turn(line, body);
  end_turn();
  return answer(exchange_);
}

std::string DoorTest::ask_as(std::string_view content_type, std::string_view line,
                             std::string_view body) {
  http::Request request = request_of(line, body);
  request.content_type = content_type;
  door.begin_request(now_);
  end_turn();
  auto dispatch = router_.dispatch(request, ++exchange_, now_);
  if (dispatch.response) http::testing::make_whole(*dispatch.response, now_);
  if (dispatch.response) answers_[exchange_] = std::move(*dispatch.response);
  return answer(exchange_);
}

std::string DoorTest::ask_in_turn(std::string_view line, std::string_view body) {
  return ask_as("application/json", line, body);
}

void DoorTest::end_turn() {
  door.observe(ledger.events());
  ledger.clear_events();
  for (Answer& answer : door.take_answers()) {
    const bool first = answers_.try_emplace(answer.exchange, std::move(answer.response)).second;
    EXPECT_TRUE(first) << "exchange " << answer.exchange << " was answered twice";
  }
  EXPECT_EQ(ledger.check(), "");
}

void DoorTest::pass(Duration time) {
  now_ += time;
  ledger.advance(now_);
  end_turn();
  door.advance(now_);
  end_turn();
}

std::string DoorTest::answer(http::ExchangeId exchange) const {
  const auto found = answers_.find(exchange);
  return found == answers_.end() ? "parked" : summary(found->second);
}

const http::Response& DoorTest::response(http::ExchangeId exchange) const {
  return answers_.at(exchange);
}

std::string DoorTest::token(http::ExchangeId exchange) const {
  for (const auto& [name, value] : response(exchange).headers)
    if (name == "Throttle-Fencing-Token") return value;
  return {};
}

std::string DoorTest::new_peer(std::string_view expires_in) {
  const std::string answer =
      ask("POST /new_peer", R"({"expires_in": ")" + std::string(expires_in) + R"("})");
  EXPECT_EQ(answer.substr(0, 4), "200 ");
  return answer.substr(4);
}

void DoorTest::restore(std::string_view id, std::string_view acquired) {
  const std::string body = R"({"expires_in": "5min", "peer_id": )" + std::string(id) +
                           R"(, "acquired": )" + std::string(acquired) + "}";
  EXPECT_EQ(ask("POST /restore", body), "200 Ok");
}

std::string DoorTest::remainder(std::string_view semaphore) {
  const std::string answer = ask("GET /remainder?semaphore=" + std::string(semaphore));
  EXPECT_EQ(answer.substr(0, 4), "200 ");
  return answer.substr(4);
}

}  // namespace throttle::lease
