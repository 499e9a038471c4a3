// A door whose clients and whose upstream are at Unix sockets.
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/proxy/door_fixture.h"
#include "tests/testing/temporary_folder.h"

namespace throttle::proxy {
namespace {

class UnixDoorTest : public TcpDoorTest {
 protected:
  void open_on_unix(Settings settings) {
    settings.name = "service";
    settings.listen = {HostPort::of_unix(path)};
    settings.upstream = HostPort::of_unix(folder.file("service.sock"));
    settings.upstream_check = UpstreamCheck::kNone;
    configure_for(settings);
    auto opened = TcpDoor::open({loop, runtime.hub(), *this, nullptr}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message;
    door = *std::move(opened);
  }
  uv::End& come(std::string_view words = {}) {
    clients.push_back(std::make_unique<uv::End>(loop, connect(Endpoint::of_unix(path))));
    clients.back()->stream.write(words);
    clients.back()->stream.start_reading();
    return *clients.back();
  }
  uv::End& serve_on_unix() {
    run_until([&] { return !service.streams.empty(); });
    served.push_back(std::make_unique<uv::End>(loop, std::move(service.streams.front())));
    service.streams.erase(service.streams.begin());
    served.back()->stream.start_reading();
    return *served.back();
  }

  const TemporaryFolder folder;
  const std::string path = folder.file("x.sock");
  uv::ListeningEnd service{loop, Endpoint::of_unix(folder.file("service.sock"))};
};

TEST_F(UnixDoorTest, CarriesAConversationAndPassesThePlaceOn) {
  open_on_unix({});
  EXPECT_EQ(door->endpoints().front().to_string(), "unix:" + path);
  uv::End& first = come("question");
  uv::End& upstream = serve_on_unix();
  uv::End& second = come("me too");
  watch_until([&] { return door->waiting_count() == 1; });
  run_until([&] { return upstream.bytes == "question"; });
  upstream.stream.write("answer");
  run_until([&] { return first.bytes == "answer"; });
  first.stream.shutdown();
  run_until([&] { return upstream.eof; });
  upstream.stream.shutdown();
  run_until_ended(1);
  EXPECT_EQ(ending(), "--");
  EXPECT_TRUE(records.front().client.ip.is_unix());
  uv::End& next = serve_on_unix();
  run_until([&] { return next.bytes == "me too"; });
  second.stream.close();
}

TEST_F(UnixDoorTest, HandsOnTheLastWordsOfAnUpstreamThatCloses) {
  open_on_unix({});
  uv::End& client = come("question");
  uv::End& upstream = serve_on_unix();
  run_until([&] { return upstream.bytes == "question"; });
  const std::string answer(300'000, 'x');
  upstream.stream.write(answer);
  upstream.stream.shutdown();
  run_until([&] { return client.eof; });
  EXPECT_EQ(client.bytes, answer);
}

TEST_F(UnixDoorTest, FreesThePlaceOfAClientThatCloses) {
  open_on_unix({});
  uv::End& active = come("x");
  serve_on_unix();
  uv::End& waiting = come();
  watch_until([&] { return door->waiting_count() == 1; });
  waiting.stream.close();
  watch_until([&] { return door->waiting_count() == 0; });
  active.stream.close();
  run_until([&] { return served.front()->eof; });
  served.front()->stream.close();
  run_until_ended(2);
}

TEST_F(UnixDoorTest, CountsTheConnectionsOfOneUserAsThoseOfOneClient) {
  Settings settings;
  settings.max_connections = 3;
  settings.client_limits.max_per_client = 1;
  open_on_unix(settings);
  come("x");
  serve_on_unix();
  uv::End& other = come("y");
  run_until([&] { return other.eof || other.reset; });
  EXPECT_EQ(records.back().refusal, gate::Refusal::kPerClient);
}

TEST_F(UnixDoorTest, SendsAHeaderWithoutAddresses) {
  open_on_unix({.send_proxy = SendProxy::kV1});
  come("hello");
  uv::End& upstream = serve_on_unix();
  run_until([&] { return upstream.bytes.size() >= 20; });
  EXPECT_EQ(upstream.bytes, "PROXY UNKNOWN\r\nhello");
}

TEST_F(UnixDoorTest, SaysThatTheUpstreamIsDown) {
  open_on_unix({.connect_timeout = std::chrono::milliseconds(500)});  // a first try has its answer
  service.listener = fail(ErrorCode::kUnavailable, "it was stopped");
  come("x");
  run_until_ended(1);
  EXPECT_EQ(ending(), "SC");
  EXPECT_THAT(records.back().reason, testing::HasSubstr("service.sock: no such file or directory"));
}

}  // namespace
}  // namespace throttle::proxy
