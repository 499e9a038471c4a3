// Runs the loop for one request at a time.
#include "libthrottle/inspect/server.h"

#include <array>
#include <cstdio>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/callback.h"

namespace throttle::inspect {

namespace {

client::Settings settings_of(const ServerPlace& place) {
  client::Settings settings;
  settings.server = place.address;
  settings.limits.connect = place.timeout;
  settings.limits.head = place.timeout;
  settings.limits.idle = place.timeout;
  // A server with a million peers writes a page of 200 MB.
  settings.body_bytes = std::uint64_t{1} << 30;
  return settings;
}

}  // namespace

Server::Server(ServerPlace place) : place_(std::move(place)) {
  http_.emplace(loop_, settings_of(place_));
}

Server::~Server() {
  exchange_ = {};
  http_.reset();
}

void Server::on_done(Result<client::Response> response) {
  response_ = std::move(response);
  loop_.stop();
}

void Server::cancel() {
  cancelled_ = true;
  exchange_ = {};
  loop_.stop();
}

Result<Answer> Server::ask(client::Request request) {
  THROTTLE_CHECK(!exchange_.is_open());
  response_.reset();
  if (!cancelled_) exchange_ = http_->send(std::move(request), uv::bound<&Server::on_done>(this));
  while (!response_ && !cancelled_)
    loop_.run();
  exchange_ = {};
  if (!response_) return fail(ErrorCode::kUnavailable, "The request was cancelled.");
  if (!*response_)
    return fail(response_->error().code,
                response_->error().message +
                    ". Is the server running there? -S http://HOST:PORT names another one.");
  return Answer{(*response_)->head.status, std::move((*response_)->body)};
}

Result<Answer> Server::get(std::string target) {
  return ask({.target = std::move(target)});
}

Result<Answer> Server::remove(std::string target) {
  return ask({.method = http::Method::kDelete, .target = std::move(target)});
}

Result<std::string> Server::page(const std::string& target) {
  auto answer = get(target);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200)
    return fail(ErrorCode::kUnavailable, url() + target + " answers " +
                                             std::to_string(answer->status) + ": " +
                                             answer->body.substr(0, 200));
  return std::move(answer->body);
}

std::string encoded(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    std::array<char, 4> code{};
    std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned char>(c));
    out += code.data();
  }
  return out;
}

}  // namespace throttle::inspect
