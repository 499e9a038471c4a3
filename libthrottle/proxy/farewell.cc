#include "libthrottle/proxy/farewell.h"

#include <chrono>
#include <utility>

#include "libthrottle/uv/clock.h"

namespace throttle::proxy {
namespace {

constexpr auto kLingerTime = std::chrono::seconds(1);

constexpr std::string_view kTooMany =
    "HTTP/1.1 429 Too Many Requests\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 49\r\n"
    "Retry-After: 1\r\n"
    "Connection: close\r\n"
    "\r\n"
    "Too many connections from this client. Try later.";
constexpr std::string_view kUnavailable =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 42\r\n"
    "Retry-After: 1\r\n"
    "Connection: close\r\n"
    "\r\n"
    "The service is busy or away. Try it later.";

}  // namespace

// Hears a client out.
class Farewell::Guest final : uv::TcpStream::Receiver {
 public:
  Guest(Farewell& host, uv::TcpStream stream, TimePoint its_end, std::string_view words)
      : until(its_end), host_(host), stream_(std::move(stream)) {
    stream_.set_receiver(*this);
    stream_.write(words);
    stream_.shutdown();
    stream_.start_reading();
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  const TimePoint until;

 private:
  void on_bytes(std::string_view) noexcept override {}
  void on_eof() noexcept override { leave(); }
  void on_drained() noexcept override {}
  void on_reset() noexcept override { leave(); }
  void on_failed(const Error&) noexcept override { leave(); }
  void leave() {
    host_.guests_.remove_if([this](const Guest& guest) { return &guest == this; });
  }

  Farewell& host_;
  uv::TcpStream stream_;
};

Farewell::Farewell(uv::Loop& loop) : timer_(loop, uv::bound<&Farewell::on_due>(this)) {}
Farewell::~Farewell() = default;

void Farewell::say(uv::TcpStream stream, Rejection rejection, Refusal refusal) {
  switch (rejection) {
    case Rejection::kClose:
      return stream.close();
    case Rejection::kReset:
      return stream.close_with_reset();
    case Rejection::kHttp:
      return linger(std::move(stream), refusal == Refusal::kPerClient ? kTooMany : kUnavailable);
  }
}

void Farewell::linger(uv::TcpStream stream, std::string_view words) {
  if (guests_.size() >= kMostLingering) return stream.close();
  guests_.emplace_back(*this, std::move(stream), uv::now() + kLingerTime, words);
  timer_.arm(guests_.front().until);
}

void Farewell::on_due() {
  const TimePoint now = uv::now();
  while (!guests_.empty() && guests_.front().until <= now)
    guests_.pop_front();
  if (!guests_.empty()) timer_.arm(guests_.front().until);
}

}  // namespace throttle::proxy
