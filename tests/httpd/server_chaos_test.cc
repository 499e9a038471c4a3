// Random clients, which pipeline, dawdle, stop reading and leave in every way, against a server
// with small limits whose receiver parks, and answers in pieces, at random. Each client numbers its
// requests, and a response carries the number: whatever happens, responses come once and in order,
// and every exchange is answered or abandoned. The seed is printed with a failure.
#include <algorithm>
#include <map>
#include <random>

#include "tests/httpd/server_fixture.h"

namespace throttle::httpd {
namespace {

class ServerChaosTest : public ServerTest {
 protected:
  std::optional<http::Response> on_request(const http::Request& request, http::ExchangeId exchange,
                                           TimePoint) override {
    http::Response response{.body = "<" + std::string(request.path.substr(1)) + ">"};
    if (chance(10)) response.body.append(300'000, '.');
    if (chance(20)) {
      response.producer = std::make_unique<Dawdler>(*this, std::exchange(response.body, {}));
      flowing_.push_back(exchange);
    }
    if (chance(60)) return response;
    parked_.emplace(exchange, std::move(response));
    if (chance(10)) answer_one();  // perhaps this one
    return std::nullopt;
  }
  void on_abandoned(http::ExchangeId exchange) override { EXPECT_EQ(parked_.erase(exchange), 1U); }

  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }
  bool chance(std::size_t percent) { return below(100) < percent; }

  void answer_one() {
    if (parked_.empty()) return;
    const auto any = std::next(parked_.begin(), static_cast<std::ptrdiff_t>(below(parked_.size())));
    auto parked = parked_.extract(any);
    http_server->respond(parked.key(), std::move(parked.mapped()));
  }

  // A body in pieces, which now and then waits to be resumed.
  class Dawdler final : public http::Producer {
   public:
    Dawdler(ServerChaosTest& test, std::string body) : test_(test), body_(std::move(body)) {}
    Progress produce(std::string& out, TimePoint) override {
      out.append(std::exchange(body_, {}));
      out.append(test_.below(5000), '-');
      if (test_.chance(30)) return Progress::kEnd;
      return test_.chance(50) ? Progress::kWait : Progress::kMore;
    }

   private:
    ServerChaosTest& test_;
    std::string body_;
  };

  struct Client {
    uv::End* end = nullptr;   // none once it has left
    std::size_t sent = 0;     // requests
    std::string unsent = {};  // of the last request
  };

  void act(Client& client) {
    const std::size_t action = below(100);
    uv::TcpStream& stream = client.end->stream;
    if (action < 40) return send_requests(client);
    if (action < 55) return stream.stop_reading();
    if (action < 90) return stream.start_reading();
    if (action < 93)
      stream.close();
    else if (action < 96)
      stream.close_with_reset();
    else
      stream.shutdown();
    client.end = nullptr;
  }

  // A few requests, the last of them perhaps cut off until the next time.
  void send_requests(Client& client) {
    std::string bytes = std::exchange(client.unsent, {});
    for (std::size_t left = 1 + below(20); left > 0; --left) {
      const std::string path = "/" + std::to_string(client.sent++);
      bytes += chance(50) ? get(path)
                          : "PUT " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n" +
                                std::string(40, 'x');
    }
    client.unsent = bytes.substr(bytes.size() - below(20));
    client.end->stream.write(bytes.substr(0, bytes.size() - client.unsent.size()));
  }

  // The numbers in the responses must be 0, 1, 2 …; one of them may be refused, as one flow too
  // many.
  static void check_order(std::string_view received) {
    std::size_t expected = 0;
    for (std::size_t at = 0;; ++at) {
      at = std::min(received.find('<', at), received.find("HTTP/1.1 503", at));
      if (at == std::string_view::npos) return;
      const std::string number = "<" + std::to_string(expected++) + ">";
      ASSERT_TRUE(received[at] == 'H' || received.substr(at).starts_with(number));
    }
  }

  std::mt19937_64 random_;
  std::map<http::ExchangeId, http::Response> parked_;
  std::vector<http::ExchangeId> flowing_;  // also such as have ended
};

TEST_F(ServerChaosTest, AnswersOnceAndInOrderWhateverClientsDo) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_.seed(seed);
  start({.pipelined_bytes = 300,
         .output_bytes = 1000,
         .flows = 4,
         .connections = 10,
         .idle_time = std::chrono::milliseconds(100)});
  std::vector<Client> clients;
  for (int step = 0; step < 1500 && !HasFatalFailure(); ++step) {
    if (clients.size() < 6) clients.push_back({.end = &connect_client()});
    act(clients[below(clients.size())]);
    std::erase_if(clients, [](const Client& client) { return client.end == nullptr; });
    for (std::size_t answers = below(4); answers > 0; --answers)
      answer_one();
    if (!flowing_.empty()) http_server->resume(flowing_[below(flowing_.size())]);
    if (chance(30)) uv::run_briefly(loop, std::chrono::milliseconds(1));
  }
  for (const auto& client : connected)
    check_order(client->bytes);
  for (const auto& client : connected)
    client->stream.close();
  watch_until([&] { return open() == 0; });
  EXPECT_TRUE(parked_.empty());
  EXPECT_EQ(http_server->counters().flows.open, 0U);
}

}  // namespace
}  // namespace throttle::httpd
