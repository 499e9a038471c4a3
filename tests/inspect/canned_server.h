// A server on a thread of its own, which answers each path as a test says and writes down what it
// was asked. Threads: the answers are set before a request is made; it is asked by the test's.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libthrottle/httpd/server.h"
#include "libthrottle/uv/async.h"
#include "libthrottle/uv/loop.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::inspect {

class CannedServer final : public httpd::Server::Receiver {
 public:
  CannedServer() {
    std::promise<SocketAddress> listening;
    thread_ = std::thread([this, &listening] { serve(listening); });
    address_ = listening.get_future().get();
  }
  ~CannedServer() {
    async_->wake();
    thread_.join();
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  std::string url() const { return "http://" + address_.to_string(); }
  // Answers to "GET /leases" and so on, one after the other; the last one stays.
  void answer(const std::string& request, std::vector<std::string> bodies) {
    const std::lock_guard lock(mutex_);
    answers_[request] = std::move(bodies);
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  std::optional<http::Response> on_request(const http::Request& request, http::ExchangeId /*id*/,
                                           TimePoint /*now*/) override {
    const std::lock_guard lock(mutex_);
    const std::string line =
        std::string(to_string(request.method)) + ' ' + std::string(request.path);
    const std::string whole =
        line + (request.query.empty() ? "" : "?" + std::string(request.query));
    asked_.push_back(whole);
    if (!request.last_event_id.empty())
      asked_.back().append(" behind ").append(request.last_event_id);
    const auto found = answers_.find(whole.starts_with("DELETE") ? line : whole);
    if (found == answers_.end()) return http::Response{.status = 404, .body = "Not found"};
    std::string body = found->second.front();
    if (found->second.size() > 1) found->second.erase(found->second.begin());
    if (body == "400") return http::Response{.status = 400, .body = "Unknown semaphore"};
    const bool is_stream = request.path == "/events";
    return http::Response{.content_type = is_stream ? http::kEventStreamType : http::kTextType,
                          .body = std::move(body)};
  }
  void on_abandoned(http::ExchangeId /*id*/) override {}
  void on_accept_failed(const Error& /*error*/) override {}
  void on_stopped() override {}

 private:
  void on_wake() { loop_->stop(); }
  void serve(std::promise<SocketAddress>& listening) {
    uv::Loop loop;
    loop_ = &loop;
    uv::Async async(loop, uv::bound<&CannedServer::on_wake>(this));
    async_ = &async;
    httpd::Server server(loop, {}, *this);
    listening.set_value(*server.listen(uv::kAnyLoopbackPort));
    loop.run();
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> answers_;
  std::vector<std::string> asked_;
  SocketAddress address_;
  uv::Loop* loop_ = nullptr;
  uv::Async* async_ = nullptr;
  std::thread thread_;
};

}  // namespace throttle::inspect
