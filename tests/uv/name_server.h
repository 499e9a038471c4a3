// A name server on the loopback that answers as the test says, for tests of whatever looks names
// up.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <uv.h>

#include "libthrottle/core/address.h"
#include "libthrottle/uv/loop.h"

namespace throttle::uv {

class NameServer {
 public:
  // Has the names of `loop` looked up here.
  explicit NameServer(Loop& loop) {
    uv_udp_init(loop.raw(), uv_);
    uv_->data = this;
    sockaddr_in any{};
    uv_ip4_addr("127.0.0.1", 0, &any);
    EXPECT_EQ(uv_udp_bind(uv_, reinterpret_cast<const sockaddr*>(&any), 0), 0);
    uv_udp_recv_start(uv_, allocate, received);
    uv_unref(reinterpret_cast<uv_handle_t*>(uv_));
    int size = sizeof any;
    uv_udp_getsockname(uv_, reinterpret_cast<sockaddr*>(&any), &size);
    loop.set_name_servers("127.0.0.1:" + std::to_string(ntohs(any.sin_port)));
  }
  ~NameServer() {
    uv_close(reinterpret_cast<uv_handle_t*>(uv_),
             [](uv_handle_t* uv) noexcept { delete reinterpret_cast<uv_udp_t*>(uv); });
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  // The IPv4 addresses of a host; any other host does not exist.
  void set(const std::string& host, std::vector<IpAddress> addresses, std::uint32_t ttl_s) {
    hosts_[host] = {.addresses = std::move(addresses), .ttl_s = ttl_s};
  }
  bool silent = false;
  int questions = 0;  // for IPv4 addresses

 private:
  struct Host {
    std::vector<IpAddress> addresses;
    std::uint32_t ttl_s = 0;
  };
  static constexpr std::size_t kHeader = 12;

  static void allocate(uv_handle_t* uv, std::size_t, uv_buf_t* buffer) noexcept {
    auto& bytes = static_cast<NameServer*>(uv->data)->buffer_;
    *buffer = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
  }
  static void received(uv_udp_t* uv, ssize_t size, const uv_buf_t* buffer, const sockaddr* from,
                       unsigned) noexcept {
    if (size <= 0) return;
    std::string answer = static_cast<NameServer*>(uv->data)->answer_to(
        {buffer->base, static_cast<std::size_t>(size)});
    const uv_buf_t whole = uv_buf_init(answer.data(), static_cast<unsigned>(answer.size()));
    if (!answer.empty()) uv_udp_try_send(uv, &whole, 1, from);
  }

  // RFC 1035, 4.1: the question comes back, with the addresses behind it.
  std::string answer_to(const std::string& question) {
    std::size_t at = kHeader;
    std::string name;
    while (at < question.size() && question[at] != 0) {
      const auto length = static_cast<std::size_t>(question[at]);
      name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
      at += length + 1;
    }
    const bool wants_v4 = question.at(at + 2) == 1;
    if (wants_v4) ++questions;
    if (silent) return {};
    const auto host = hosts_.find(name);
    std::string answer = question.substr(0, at + 5);
    answer[2] = static_cast<char>(0x81);                                // a response
    answer[3] = static_cast<char>(host == hosts_.end() ? 0x83 : 0x80);  // NXDOMAIN or fine
    for (std::size_t i = 6; i < kHeader; ++i)
      answer[i] = 0;
    if (host == hosts_.end() || !wants_v4) return answer;
    for (const IpAddress& address : host->second.addresses) {
      ++answer[7];
      answer += std::string("\xc0\x0c\0\1\0\1", 6);  // the name of the question; IPv4
      for (int shift = 24; shift >= 0; shift -= 8)
        answer += static_cast<char>(host->second.ttl_s >> shift);
      answer += std::string("\0\4", 2);
      for (std::size_t i = 12; i < 16; ++i)
        answer += static_cast<char>(address.bytes().at(i));
    }
    return answer;
  }

  uv_udp_t* uv_ = new uv_udp_t{};
  std::map<std::string, Host> hosts_;
  std::array<char, 1500> buffer_{};
};

}  // namespace throttle::uv
