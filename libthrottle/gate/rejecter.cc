// The answers to rejected clients, and the clients that linger until they have read theirs.
#include "libthrottle/gate/rejecter.h"

#include <chrono>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/clock.h"

namespace throttle::gate {
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

bool is_of_client(Refusal refusal) {
  return refusal == Refusal::kPerClient || refusal == Refusal::kTooOften;
}

}  // namespace

// Reads on until the client has closed its side.
class Rejecter::Client final : uv::TcpStream::Receiver {
 public:
  Client(Rejecter& rejecter, uv::TcpStream stream, TimePoint end, std::string_view answer)
      : until(end), rejecter_(rejecter), stream_(std::move(stream)) {
    stream_.set_receiver(*this);
    stream_.write(answer);
    stream_.shutdown();
    stream_.start_reading();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const TimePoint until;

 private:
  void on_bytes(std::string_view) noexcept override {}
  void on_eof() noexcept override { leave(); }
  void on_drained() noexcept override {}
  void on_reset() noexcept override { leave(); }
  void on_failed(const Error&) noexcept override { leave(); }
  void leave() {
    rejecter_.lingering_.remove_if([this](const Client& client) { return &client == this; });
  }

  Rejecter& rejecter_;
  uv::TcpStream stream_;
};

Rejecter::Rejecter(uv::Loop& loop) : timer_(loop, uv::bound<&Rejecter::on_due>(this)) {}
Rejecter::~Rejecter() = default;

void Rejecter::reject(uv::TcpStream stream, Rejection rejection, Refusal refusal) {
  THROTTLE_CHECK(stream.is_open() && refusal != Refusal::kNone);
  switch (rejection) {
    case Rejection::kClose:
      return stream.close();
    case Rejection::kReset:
      return stream.close_with_reset();
    case Rejection::kHttp:
      return linger(std::move(stream), is_of_client(refusal) ? kTooMany : kUnavailable);
  }
}

void Rejecter::linger(uv::TcpStream stream, std::string_view answer) {
  if (lingering_.size() >= kMostLingering) return stream.close();
  THROTTLE_CHECK(!answer.empty());
  lingering_.emplace_back(*this, std::move(stream), uv::now() + kLingerTime, answer);
  timer_.arm(lingering_.front().until);
}

void Rejecter::on_due() {
  const TimePoint now = uv::now();
  while (!lingering_.empty() && lingering_.front().until <= now)
    lingering_.pop_front();
  if (!lingering_.empty()) timer_.arm(lingering_.front().until);
}

}  // namespace throttle::gate
