// A running server, asked over HTTP: one request after the other. Threads: one; each call runs an
// event loop until the answer is there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libthrottle/client/http_client.h"
#include "libthrottle/core/result.h"
#include "libthrottle/inspect/places.h"
#include "libthrottle/uv/loop.h"

namespace throttle::inspect {

struct Answer {
  unsigned status = 0;
  std::string body;
};

class Server {
 public:
  explicit Server(ServerPlace place);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // An answer of any status. Error: it cannot be reached, or is too slow; the message says how to
  // go on.
  Result<Answer> get(std::string target);
  Result<Answer> remove(std::string target);
  // An error unless the status is 200.
  Result<std::string> page(const std::string& target);
  std::string url() const { return place_.url(); }

  // What else is on it runs while an answer is awaited.
  uv::Loop& loop() { return loop_; }
  // From within the loop: no answer is needed any more. One that is awaited is an error, and so is
  // every later one, at once.
  void cancel();

 private:
  Result<Answer> ask(client::Request request);
  void on_done(Result<client::Response> response);

  const ServerPlace place_;
  uv::Loop loop_;
  std::optional<client::HttpClient> http_;
  client::Exchange exchange_;
  std::optional<Result<client::Response>> response_;
  bool cancelled_ = false;
};

// A part of a path or of a query, percent-encoded.
std::string encoded(std::string_view text);

}  // namespace throttle::inspect
