// Peers that vanish: a socket filter drops every segment that comes for them, so their system
// answers nothing.
#include <linux/filter.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/proxy/door_fixture.h"

namespace throttle::proxy {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

void vanish(const uv::TcpStream& stream) {
  sock_filter drop{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
  const sock_fprog program{.len = 1, .filter = &drop};
  auto socket = stream.duplicate();
  ASSERT_TRUE(socket);
  const auto number = static_cast<int>(socket->release());
  EXPECT_EQ(setsockopt(number, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
  ::close(number);
}

TEST_F(TcpDoorTest, FreesThePlaceOfAClientThatVanishedInTheMiddleOfAnAnswer) {
  open({.vanish_timeout = 100ms});
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "x"; });
  vanish(client.stream);
  upstream.stream.write("answer");
  run_until_ended(1);
  EXPECT_EQ(ending(), "CD");
  EXPECT_THAT(records.back().reason, HasSubstr("the client vanished"));
  EXPECT_EQ(state().acquired, 0);
  run_until([&] { return upstream.reset; });
}

TEST_F(TcpDoorTest, FreesThePlaceOfAClientWhoseUpstreamVanished) {
  open({.vanish_timeout = 100ms});
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "x"; });
  vanish(upstream.stream);
  client.stream.write("question");
  run_until_ended(1);
  EXPECT_EQ(ending(), "SD");
  EXPECT_THAT(records.back().reason, HasSubstr("the service vanished"));
  run_until([&] { return client.reset; });
}

TEST_F(TcpDoorTest, KeepsAClientThatOnlyDoesNotRead) {
  open({.vanish_timeout = 300ms});
  uv::End& client = arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "x"; });
  client.stream.stop_reading();
  const std::string answer(20'000'000, 'x');
  upstream.stream.write(answer);
  uv::run_briefly(loop, 900ms);
  EXPECT_TRUE(records.empty()) << records.back().reason;
  client.stream.start_reading();
  run_until([&] { return client.bytes.size() == answer.size(); });
}

}  // namespace
}  // namespace throttle::proxy
