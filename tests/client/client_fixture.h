// A client on a loop, and what it reported. With a server of our own on the same loop, or a raw
// socket that answers what a test writes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/client/http_client.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::client {

// Writes down a streamed response.
struct StreamedResponse final : HttpClient::Receiver {
  explicit StreamedResponse(uv::Loop& its_loop) : loop(its_loop) {}
  void on_head(const http::ResponseHead& its_head) override {
    head = its_head;
    if (on_event) on_event();
    loop.stop();
  }
  void on_body(std::string_view piece) override {
    body.append(piece);
    if (on_event) on_event();
    loop.stop();
  }
  void on_end(Result<void> its_outcome) override {
    outcome = std::move(its_outcome);
    loop.stop();
  }

  uv::Loop& loop;
  std::optional<http::ResponseHead> head;
  std::string body;
  std::optional<Result<void>> outcome;
  std::function<void()> on_event;
};

class ClientTest : public uv::TcpTest {
 protected:
  ~ClientTest() override { running = {}; }

  static HostPort host_port(const SocketAddress& address) {
    return {address.ip.to_string(), address.port};
  }

  void start_client(const SocketAddress& server, Settings settings = {}) {
    settings.server = host_port(server);
    client.emplace(loop, settings);
  }

  void on_done(Result<Response> result) {
    done = std::move(result);
    loop.stop();
  }
  void begin(Request request) {
    done.reset();
    running = client->send(std::move(request), uv::bound<&ClientTest::on_done>(this));
    EXPECT_FALSE(done) << "reported from within send()";
  }
  // "STATUS BODY", or the error.
  std::string outcome() {
    run_until([&] { return done.has_value(); });
    if (!done) return "nothing";
    if (!*done) return done->error().message;
    return std::to_string((*done)->head.status) + " " + (*done)->body;
  }
  std::string ask(Request request) {
    begin(std::move(request));
    return outcome();
  }

  std::optional<HttpClient> client;
  Exchange running;
  std::optional<Result<Response>> done;
};

}  // namespace throttle::client
