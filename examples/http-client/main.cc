// Sends one GET request and prints the response, for example of a lease server's status:
//
//   ask localhost:8000 /leases
#include <chrono>
#include <cstdio>

#include "libthrottle/client/http_client.h"
#include "libthrottle/uv/loop.h"

using namespace throttle;

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: ask HOST:PORT PATH\n"), 2;
  const auto server = parse_host_port(argv[1]);
  if (!server) return std::fprintf(stderr, "%s\n", server.error().message.c_str()), 2;

  uv::Loop loop;
  client::HttpClient http(loop, {.server = *server, .limits = {.whole = std::chrono::seconds(5)}});
  int code = 1;
  auto on_done = [&](Result<client::Response> response) {
    if (response) {
      std::printf("%u\n%s\n", response->head.status, response->body.c_str());
      code = response->head.status == 200 ? 0 : 1;
    } else {
      std::fprintf(stderr, "%s\n", response.error().message.c_str());
    }
    loop.stop();
  };
  const client::Exchange exchange = http.send({.target = argv[2]}, on_done);
  loop.run();
  return code;
}
