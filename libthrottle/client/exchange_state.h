// One exchange of the client; private to client. exchange.cc opens with its steps.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/client/client_state.h"
#include "libthrottle/client/connecting.h"
#include "libthrottle/client/http_client.h"
#include "libthrottle/http/response_reader.h"
#include "libthrottle/uv/timer.h"
#include "libthrottle/uv/wire.h"

namespace throttle::client {

struct Exchange::State final : uv::Wire::Receiver, HttpClient::Receiver {
  // Without a receiver the response is collected for `on_done`.
  State(HttpClient::State& of, Request asked, HttpClient::OnDone done);
  State(HttpClient::State& of, Request asked, HttpClient::Receiver& to);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void start();
  bool is_open() const { return step_ != Step::kDone; }

 private:
  enum class Step : std::uint8_t { kNew, kConnect, kHead, kBody, kFailed, kDone };
  static bool may_follow(Step step, Step next);
  void move_to(Step next);
  void leave_client();

  void connect();
  void on_connected(Result<std::unique_ptr<uv::Wire>> wire);
  void send(std::unique_ptr<uv::Wire> wire);
  void on_due();
  // Its part of the exchange must be over in this time.
  void limit(Duration length);

  void on_bytes(std::string_view bytes) noexcept override;
  void on_eof() noexcept override;
  void on_drained() noexcept override {}
  void on_reset() noexcept override;
  void on_failed(const Error& error) noexcept override;

  // The collector of a whole response.
  void on_head(const http::ResponseHead& head) override { response_.head = head; }
  void on_body(std::string_view piece) override { response_.body.append(piece); }
  void on_end(Result<void> outcome) override;

  void lose_connection(ErrorCode code, std::string_view what);
  void complete(bool reusable);
  // Reports the error and ends. The state may be destroyed when this returns, as after complete().
  void fail(ErrorCode code, std::string_view what);
  std::string describe(std::string_view what) const;

  HttpClient::State& client_;
  const Request request_;
  const TimeLimits limits_;
  std::optional<HttpClient::OnDone> on_done_;  // of a whole response
  HttpClient::Receiver& receiver_;
  const http::ResponseLimits response_limits_;
  Response response_;

  Step step_ = Step::kNew;
  bool reused_ = false;  // the connection had a request before
  uv::Timer timer_;
  TimePoint end_;                 // of the whole time
  TimePoint deadline_ = kNever;   // of the present part
  std::optional<Error> failure_;  // in kFailed: to be reported from the loop
  std::optional<Connecting> connecting_;
  std::unique_ptr<uv::Wire> wire_;
  std::optional<http::ResponseReader> reader_;
  bool* destroyed_ = nullptr;  // to be set, while a callback is running
};

}  // namespace throttle::client
