// A server on a free port, with a receiver that knows a few paths, and connected on the same loop.
//
//   /park     is parked until the test answers it
//   /big/N    has a body of N bytes
//   others    are answered 200 with "METHOD PATH BODY"
#pragma once

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libthrottle/httpd/server.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::httpd {

inline std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

// How often `text` contains `part`.
inline int count(std::string_view text, std::string_view part) {
  int found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

class ServerTest : public uv::TcpTest, public Server::Receiver {
 protected:
  static constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\n";

  std::optional<http::Response> on_request(const http::Request& request, http::ExchangeId exchange,
                                           TimePoint) override {
    handled.emplace_back(request.path);
    exchanges.push_back(exchange);
    client_address = request.client;
    destination = request.destination;
    if (on_handling) on_handling();
    loop.stop();
    if (request.path == "/park") return std::nullopt;
    if (request.path.starts_with("/big/"))
      return http::Response{.body = big(request.path.substr(5))};
    std::string body(to_string(request.method));
    body.append(" ").append(request.path).append(" ").append(request.body);
    return http::Response{.body = std::move(body)};
  }
  void on_abandoned(http::ExchangeId exchange) override {
    abandoned.push_back(exchange);
    loop.stop();
  }
  void on_accept_failed(const Error& error) override { failures.push_back(error.message); }
  void on_bad_proxy_header(const SocketAddress& balancer, std::string_view reason) override {
    EXPECT_TRUE(balancer.ip.is_loopback());
    bad_headers.emplace_back(reason);
  }
  void on_stopped() override {
    ++stops;
    loop.stop();
  }

  static std::string big(std::string_view size) {
    return std::string(std::strtoul(std::string(size).c_str(), nullptr, 10), 'b');
  }

  void start(const http::Limits& limits = {}, std::vector<IpNetwork> accept_proxy = {}) {
    http_server.emplace(loop, limits, *this, std::move(accept_proxy));
    const auto listening = http_server->listen(uv::kAnyLoopbackPort);
    ASSERT_TRUE(listening);
    server_address = *listening;
  }

  // A new client, which reads.
  uv::End& connect_client() {
    connected.push_back(std::make_unique<uv::End>(loop, connect(server_address)));
    connected.back()->stream.start_reading();
    return *connected.back();
  }
  uv::End& connect_and_send(std::string_view bytes) {
    uv::End& client = connect_client();
    client.stream.write(bytes);
    return client;
  }
  void run_until_open(std::uint64_t connections) {
    watch_until([&] { return open() == connections; });
  }
  void run_until_received(uv::End& client, std::string_view text, int times = 1) {
    run_until([&] { return count(client.bytes, text) >= times; });
  }
  void run_until_handled(std::size_t requests) {
    run_until([&] { return handled.size() >= requests; });
  }
  std::uint64_t open() const { return http_server->counters().open_connections; }

  std::vector<std::string> handled;
  std::vector<http::ExchangeId> exchanges;
  SocketAddress client_address;              // of the last request
  std::optional<SocketAddress> destination;  // of it, too
  std::vector<std::string> bad_headers;      // the reasons
  std::vector<http::ExchangeId> abandoned;
  std::vector<std::string> failures;
  int stops = 0;
  std::function<void()> on_handling;  // called for each request, before it is answered
  SocketAddress server_address;
  std::optional<Server> http_server;
  std::vector<std::unique_ptr<uv::End>> connected;
};

}  // namespace throttle::httpd
