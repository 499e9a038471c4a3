// The check of an upstream that is new to a door.
#include <chrono>
#include <utility>

#include <gmock/gmock.h>

#include "libthrottle/proxy/tcp_door.h"
#include "tests/proxy/door_fixture.h"
#include "tests/uv/deserted_port.h"

namespace throttle::proxy {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TcpDoorWithCheck : public TcpDoorTest {
 protected:
  TcpDoorWithCheck() { check = UpstreamCheck::kStart; }
};

TEST_F(TcpDoorWithCheck, MakesOneConnectionAndClosesIt) {
  open();
  uv::End& trial = serve();
  run_until([&] { return trial.eof; });
  EXPECT_EQ(trial.bytes, "");
  EXPECT_EQ(state().acquired, 0);
  arrive("x");
  uv::End& upstream = serve();
  run_until([&] { return upstream.bytes == "x"; });
  EXPECT_TRUE(acceptor.streams.empty());
  EXPECT_THAT(notes, testing::IsEmpty());
  EXPECT_THAT(records, testing::IsEmpty());
}

TEST_F(TcpDoorWithCheck, ReportsAtOnceThatNobodyAnswersAndWhatClientsMeet) {
  const uv::DesertedPort port(loop);
  service = {"127.0.0.1", port.address().port};
  open({.connect_timeout = 1h});
  watch_until([&] { return !notes.empty(); });
  EXPECT_THAT(notes, testing::ElementsAre(testing::AllOf(
                         StartsWith("the service does not answer: cannot connect to 127.0.0.1:"),
                         HasSubstr("refused. "),
                         HasSubstr("each client waits up to connect_timeout (1h)"))));
  EXPECT_THAT(door->trouble(), HasSubstr("cannot connect to "));
  EXPECT_THAT(records, testing::IsEmpty());
}

TEST_F(TcpDoorWithCheck, ReportsAHostThatDoesNotExist) {
  service = {"nobody.invalid", 80};
  open({.connect_timeout = 1h});
  watch_until([&] { return !notes.empty(); });
  EXPECT_THAT(notes, testing::ElementsAre(HasSubstr("nobody.invalid")));
}

TEST_F(TcpDoorWithCheck, LeavesTheUpstreamToAClientThatComesMeanwhile) {
  open();
  arrive("x");
  watch_until([&] { return door->active_count() == 1; });
  uv::End* upstream = &serve();
  run_until([&] { return upstream->eof || upstream->bytes == "x"; });
  if (upstream->eof) upstream = &serve();  // the trial had been made already
  run_until([&] { return upstream->bytes == "x"; });
  EXPECT_THAT(notes, testing::IsEmpty());
}

TEST_F(TcpDoorWithCheck, TriesTheUpstreamOfAReloadUnlessClientsAreConnected) {
  open();
  run_until([&] { return !acceptor.streams.empty(); });
  uv::ListeningEnd other(loop);
  Settings settings = door->settings();
  settings.upstream.port = other.listener->local_address().port;
  ASSERT_TRUE(door->reload(settings));
  run_until([&] { return !other.streams.empty(); });
  ASSERT_TRUE(door->reload(settings));
  arrive("x");
  run_until([&] { return other.streams.size() == 2; });
  settings.upstream.port = acceptor.listener->local_address().port;
  ASSERT_TRUE(door->reload(settings));
  uv::run_briefly(loop, 20ms);
  EXPECT_EQ(acceptor.streams.size(), 1U);
}

TEST_F(TcpDoorTest, DoesNotTryItsUpstreamIfItMayNot) {
  open();
  uv::run_briefly(loop, 20ms);
  EXPECT_TRUE(acceptor.streams.empty());
}

}  // namespace
}  // namespace throttle::proxy
