// A program that keeps its own libuv loop and its own way to serve a connection. throttle decides
// only which connection is next: it hands each over as a socket when its turn has come. The program
// sends back what it receives, to one client at a time, until SIGINT.
//
//   one-at-a-time [ADDRESS:]PORT
#include <csignal>
#include <cstdio>
#include <set>
#include <string_view>
#include <utility>

#include <uv.h>

#include "libthrottle/gate/throttled_listener.h"
#include "libthrottle/uv/clock.h"
#include "libthrottle/uv/ledger_runtime.h"
#include "libthrottle/uv/loop.h"

using namespace throttle;

namespace {

// Plain libuv, except for the place, which is given back when the connection is deleted.
class Connection final : gate::Place::Receiver {
 public:
  Connection(uv_loop_t& loop, std::set<Connection*>& all, gate::Place place,
             gate::Place::Socket taken)
      : all_(all), place_(std::move(place)) {
    all_.insert(this);
    place_.set_receiver(*this);
    uv_tcp_init(&loop, &tcp_);
    tcp_.data = this;
    uv_tcp_open(&tcp_, static_cast<uv_os_sock_t>(taken.socket.release()));
    echo(taken.received);
    uv_read_start(stream(), offer_buffer, on_read);
  }

  // Closes it; it deletes itself when libuv has done that.
  void close() {
    auto* handle = reinterpret_cast<uv_handle_t*>(&tcp_);
    if (uv_is_closing(handle) != 0) return;
    uv_close(handle, [](uv_handle_t* closed) { delete static_cast<Connection*>(closed->data); });
  }

 private:
  ~Connection() { all_.erase(this); }

  void on_client_left() noexcept override {}  // reported only before take_socket()
  void on_place_ended(Cause) noexcept override { close(); }

  void echo(std::string_view bytes) {
    const uv_buf_t buffer =
        uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
    uv_try_write(stream(), &buffer, 1);
  }
  static void offer_buffer(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
    auto& connection = *static_cast<Connection*>(handle->data);
    *buffer = uv_buf_init(connection.buffer_, sizeof(connection.buffer_));
  }
  static void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
    auto& connection = *static_cast<Connection*>(stream->data);
    if (size < 0) return connection.close();
    connection.echo({buffer->base, static_cast<size_t>(size)});
  }
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp_); }

  std::set<Connection*>& all_;
  gate::Place place_;
  uv_tcp_t tcp_{};
  char buffer_[4096] = {};
};

class Service final : public gate::ThrottledListener::Receiver {
 public:
  explicit Service(uv_loop_t& loop) : loop_(loop) {}
  void close_all() {
    for (Connection* connection : connections_)
      connection->close();
  }

 private:
  void on_admitted(gate::Place place) noexcept override {
    auto taken = place.take_socket();
    if (taken) {
      new Connection(loop_, connections_, std::move(place), *std::move(taken));
    } else {
      std::fprintf(stderr, "%s\n", taken.error().message.c_str());
    }
  }
  void on_not_admitted(const gate::Visit&, gate::Refusal) noexcept override {}
  void on_accept_failed(const Error& error) noexcept override {
    std::fprintf(stderr, "%s\n", error.message.c_str());
  }

  uv_loop_t& loop_;
  std::set<Connection*> connections_;
};

// Serves until SIGINT. All that uses the loop is destroyed when it returns; what was closed is gone
// when the loop has run once more.
int serve(uv_loop_t& loop, uv::Loop& adopted, const HostPort& where) {
  uv::LedgerRuntime runtime(adopted);
  const SemaphoreSettings semaphore{.name = "service", .full_count = 1};
  runtime.ledger().configure(uv::now(), {&semaphore, 1});

  Service service(loop);
  gate::ThrottledListener listener(adopted, runtime.hub(), {.semaphore = "service"}, service);
  const auto listening = listener.listen(where);
  if (!listening) return std::fprintf(stderr, "%s\n", listening.error().message.c_str()), 1;
  std::printf("listening on %s\n", listening->to_string().c_str());
  std::fflush(stdout);

  uv_signal_t interrupt;
  uv_signal_init(&loop, &interrupt);
  uv_signal_start(
      &interrupt, [](uv_signal_t* handle, int) { uv_stop(handle->loop); }, SIGINT);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_close(reinterpret_cast<uv_handle_t*>(&interrupt), nullptr);

  // The connections give their places back before the listener is destroyed.
  listener.stop();
  service.close_all();
  uv_run(&loop, UV_RUN_NOWAIT);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto where = parse_host_port(argc == 2 ? argv[1] : "127.0.0.1:7000");
  if (!where) return std::fprintf(stderr, "%s\n", where.error().message.c_str()), 2;

  uv_loop_t loop;
  uv_loop_init(&loop);
  int code = 0;
  {
    uv::Loop adopted(loop);
    code = serve(loop, adopted, *where);
    uv_run(&loop, UV_RUN_DEFAULT);
  }
  return uv_loop_close(&loop) == 0 ? code : 3;
}
