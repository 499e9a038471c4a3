// Begins exchanges; what they have in common is in client_state.h, what each does in exchange.cc.
#include "libthrottle/client/http_client.h"

#include <utility>

#include "libthrottle/client/client_state.h"
#include "libthrottle/client/exchange_state.h"
#include "libthrottle/core/check.h"

namespace throttle::client {

HttpClient::HttpClient(uv::Loop& loop, Settings settings)
    : state_(std::make_unique<State>(loop, std::move(settings))) {}

HttpClient::~HttpClient() {
  THROTTLE_CHECK(state_->exchanges == 0);
}

Exchange HttpClient::send(Request request, OnDone on_done) {
  auto exchange = std::make_unique<Exchange::State>(*state_, std::move(request), on_done);
  exchange->start();
  return Exchange(std::move(exchange));
}

Exchange HttpClient::stream(Request request, Receiver& receiver) {
  auto exchange = std::make_unique<Exchange::State>(*state_, std::move(request), receiver);
  exchange->start();
  return Exchange(std::move(exchange));
}

std::size_t HttpClient::kept_connections() const {
  return state_->pool.size();
}

}  // namespace throttle::client
