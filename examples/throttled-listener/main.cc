// A server that answers two clients at a time and lets the others wait for their turn, each with
// what it has sent so far: every line comes back in capitals, until the client hangs up.
//
//   two-at-a-time [ADDRESS:]PORT
#include <cctype>
#include <cstdio>
#include <list>
#include <string>
#include <utility>

#include "libthrottle/gate/throttled_listener.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/ledger_runtime.h"
#include "libthrottle/uv/loop.h"

using namespace throttle;

// One client that has its place: answers until the client ends, then gives the place back.
class Conversation final : uv::TcpStream::Receiver, gate::Place::Receiver {
 public:
  Conversation(gate::Place place, std::list<Conversation>& all)
      : all_(all), place_(std::move(place)), connection_(place_.take()) {
    place_.set_receiver(*this);
    connection_.stream.set_receiver(*this);
    on_bytes(connection_.received);
    connection_.stream.start_reading();
  }

 private:
  void on_bytes(std::string_view bytes) noexcept override {
    std::string answer(bytes);
    for (char& letter : answer)
      letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    connection_.stream.write(answer);
  }
  void on_eof() noexcept override { end(); }
  void on_drained() noexcept override {}
  void on_reset() noexcept override { end(); }
  void on_failed(const Error&) noexcept override { end(); }
  void on_client_left() noexcept override { end(); }
  void on_place_ended(Cause) noexcept override { end(); }
  void end() {
    all_.remove_if([this](const Conversation& each) { return &each == this; });
  }

  std::list<Conversation>& all_;
  gate::Place place_;
  gate::HeldStream::Contents connection_;  // closed before the place passes on
};

class Service final : public gate::ThrottledListener::Receiver {
 public:
  void on_admitted(gate::Place place) noexcept override {
    conversations_.emplace_back(std::move(place), conversations_);
  }
  void on_not_admitted(const gate::Visit& visit, gate::Refusal) noexcept override {
    std::printf("%s left or was turned away\n", visit.client.to_string().c_str());
  }
  void on_accept_failed(const Error& error) noexcept override {
    std::fprintf(stderr, "%s\n", error.message.c_str());
  }

 private:
  std::list<Conversation> conversations_;
};

int main(int argc, char** argv) {
  const auto where = parse_host_port(argc == 2 ? argv[1] : "127.0.0.1:7000");
  if (!where) return std::fprintf(stderr, "%s\n", where.error().message.c_str()), 2;

  uv::Loop loop;
  uv::LedgerRuntime runtime(loop);
  const SemaphoreSettings semaphore{.name = "service", .full_count = 2};
  runtime.ledger().configure(uv::now(), {&semaphore, 1});

  Service service;
  gate::ThrottledListener listener(loop, runtime.hub(), {.semaphore = "service"}, service);
  const auto listening = listener.listen(*where);
  if (!listening) return std::fprintf(stderr, "%s\n", listening.error().message.c_str()), 1;
  std::printf("listening on %s\n", listening->to_string().c_str());
  std::fflush(stdout);
  loop.run();
}
