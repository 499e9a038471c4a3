// The GELF sink against a UDP socket that plays the log server.
#include "libthrottle/telemetry/gelf_sink.h"

#include <array>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <uv.h>

#include "libthrottle/uv/loop.h"
#include "tests/telemetry/gelf_decoder.h"
#include "tests/telemetry/recording_sink.h"

namespace throttle::telemetry {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A log server on a port of its own of the loopback.
class LogServer {
 public:
  explicit LogServer(uv::Loop& loop) : loop_(loop) {
    EXPECT_EQ(uv_udp_init(loop.raw(), &socket_), 0);
    sockaddr_in address{};
    EXPECT_EQ(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    EXPECT_EQ(uv_udp_bind(&socket_, reinterpret_cast<const sockaddr*>(&address), 0), 0);
    socket_.data = this;
    uv_udp_recv_start(&socket_, &LogServer::allocate, &LogServer::receive);
  }
  ~LogServer() {
    uv_close(reinterpret_cast<uv_handle_t*>(&socket_), nullptr);
    uv_run(loop_.raw(), UV_RUN_NOWAIT);  // closes it before its memory goes
  }
  LogServer(const LogServer&) = delete;
  LogServer& operator=(const LogServer&) = delete;

  HostPort address() const {
    sockaddr_in name{};
    int length = sizeof(name);
    EXPECT_EQ(uv_udp_getsockname(&socket_, reinterpret_cast<sockaddr*>(&name), &length), 0);
    return {"127.0.0.1", ntohs(name.sin_port)};
  }

  // Runs the loop until this number of messages came; the test's time-out is the limit.
  const std::vector<nlohmann::json>& wait_for(std::size_t messages) {
    while (messages_.size() < messages)
      uv_run(loop_.raw(), UV_RUN_ONCE);
    return messages_;
  }

 private:
  static void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
    auto& server = *static_cast<LogServer*>(handle->data);
    *buffer = uv_buf_init(server.buffer_.data(), static_cast<unsigned>(server.buffer_.size()));
  }
  static void receive(uv_udp_t* socket, ssize_t bytes, const uv_buf_t* buffer, const sockaddr* from,
                      unsigned) noexcept {
    if (from == nullptr) return;
    auto& server = *static_cast<LogServer*>(socket->data);
    const auto message = server.decoder_.accept({buffer->base, static_cast<std::size_t>(bytes)});
    if (message) server.messages_.push_back(nlohmann::json::parse(*message));
  }

  uv::Loop& loop_;
  uv_udp_t socket_{};
  std::array<char, 65536> buffer_{};
  GelfDecoder decoder_;
  std::vector<nlohmann::json> messages_;
};

TEST(GelfSink, SendsWhatALogServerReceives) {
  uv::Loop loop;
  LogServer server(loop);
  GelfSink sink(loop, {.server = server.address(), .format = {.host = "here"}});
  sink.accept({.level = Level::kWarn, .target = "app", .message = "before the name is known"});
  server.wait_for(1);
  sink.accept({.level = Level::kInfo, .target = "app", .message = "afterwards"});
  const auto& messages = server.wait_for(2);
  EXPECT_EQ(messages[0]["short_message"], "before the name is known");
  EXPECT_EQ(messages[0]["level"], 4);
  EXPECT_EQ(messages[1]["short_message"], "afterwards");
  EXPECT_EQ(sink.lost(), 0U);
}

TEST(GelfSink, ALargeRecordArrivesInChunksWithAnIdOfItsOwn) {
  uv::Loop loop;
  LogServer server(loop);
  GelfSink sink(loop, {.server = server.address(),
                       .format = {.host = "here", .compression = Compression::kNone},
                       .seed = 42});
  const std::string first(20'000, 'a');
  const std::string second(20'000, 'b');
  sink.accept({.message = first});
  sink.accept({.message = second});
  const auto& messages = server.wait_for(2);
  EXPECT_EQ(messages[0]["short_message"], first);
  EXPECT_EQ(messages[1]["short_message"], second);
}

TEST(GelfSink, HoldsALimitedAmountUntilTheNameIsKnown) {
  uv::Loop loop;
  LogServer server(loop);
  GelfSink sink(
      loop,
      {.server = server.address(),
       .format = {.host = "here", .compression = Compression::kNone, .datagram_bytes = 8192}});
  const std::string text(7000, 'x');
  for (int i = 0; i < 100; ++i)
    sink.accept({.message = text});
  const std::uint64_t lost = sink.lost();
  EXPECT_GT(lost, 0U);
  EXPECT_LE((100 - lost) * text.size(), GelfSink::kHeldBytes);
  EXPECT_GT((101 - lost) * (text.size() + 1000), GelfSink::kHeldBytes);
  EXPECT_GT(server.wait_for(1).size(), 0U);
}

TEST(GelfSink, NobodyListeningCostsNothing) {
  uv::Loop loop;
  HostPort nobody;
  { nobody = LogServer(loop).address(); }
  GelfSink sink(loop, {.server = nobody, .format = {.host = "here"}});
  for (int turn = 0; turn < 3; ++turn) {
    sink.accept({.message = "into the void"});
    uv_run(loop.raw(), UV_RUN_NOWAIT);
  }
  EXPECT_EQ(sink.lost(), 0U) << "what was sent counts as sent";
}

TEST(GelfSink, WhatTheSystemRefusesIsCounted) {
  uv::Loop loop;
  GelfSink sink(loop, {.server = {"255.255.255.255", 9},  // no broadcast without leave
                       .format = {.host = "here"}});
  sink.accept({.message = "held"});
  sink.accept({.message = "held"});
  EXPECT_EQ(sink.lost(), 0U);
  while (sink.lost() == 0)
    uv_run(loop.raw(), UV_RUN_NOWAIT);  // no event follows the refusal
  EXPECT_EQ(sink.lost(), 2U);
}

TEST(GelfSink, AnUnknownNameIsReportedAndWhatIsNotSentIsCounted) {
  uv::Loop loop;
  std::vector<std::string> lines;
  const Logger logger = recording_logger("trace", lines);
  GelfSink sink(loop, {.server = {"no-such-host.invalid", 12201},
                       .format = {.host = "here"},
                       .hold = Duration::zero()});
  sink.report_to(logger.target("app"));
  sink.accept({.message = "held"});
  sink.accept({.message = "held"});
  EXPECT_EQ(sink.lost(), 0U);
  while (lines.empty())
    uv_run(loop.raw(), UV_RUN_ONCE);
  EXPECT_THAT(
      lines,
      ElementsAre(AllOf(StartsWith("WARN app: the GELF server gets no log until its name is known"),
                        HasSubstr("no-such-host.invalid"))));
  EXPECT_EQ(sink.lost(), 2U);
  sink.accept({.message = "not held any more"});
  EXPECT_EQ(sink.lost(), 3U);
}

TEST(GelfSink, WhatIsLoggedForAnUnknownNameIsHeldForAWhile) {
  uv::Loop loop;
  std::vector<std::string> lines;
  const Logger logger = recording_logger("trace", lines);
  GelfSink sink(loop, {.server = {"no-such-host.invalid", 12201},
                       .format = {.host = "here"},
                       .hold = std::chrono::hours(1)});
  sink.report_to(logger.target("app"));
  sink.accept({.message = "held"});
  while (lines.empty())
    uv_run(loop.raw(), UV_RUN_ONCE);
  EXPECT_EQ(sink.lost(), 0U);
}

TEST(GelfSink, ANameThatStaysUnknownIsReportedOnce) {
  uv::Loop loop;
  std::vector<std::string> lines;
  const Logger logger = recording_logger("trace", lines);
  GelfSink sink(loop, {.server = {"no-such-host.invalid", 12201},
                       .format = {.host = "here"},
                       .hold = std::chrono::milliseconds(300),
                       .retry = std::chrono::milliseconds(1)});
  sink.report_to(logger.target("app"));
  sink.accept({.message = "held"});
  while (sink.lost() == 0)  // at the first look-up that comes after the time to hold it
    uv_run(loop.raw(), UV_RUN_ONCE);
  EXPECT_EQ(lines.size(), 1U);
}

TEST(GelfSink, AnUnknownNameHoldsUpNothingAndMayBeGivenUpAtAnyTime) {
  uv::Loop loop;
  GelfSink sink(loop, {.server = {"no-such-host.invalid", 12201}, .format = {.host = "here"}});
  sink.accept({.message = "held"});
  uv_run(loop.raw(), UV_RUN_NOWAIT);
  EXPECT_EQ(sink.lost(), 0U);
}

}  // namespace
}  // namespace throttle::telemetry
