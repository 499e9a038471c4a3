// A reset behind bytes that nobody has read yet. Windows throws those bytes away; Wine forgets the
// reset.
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

using TcpResetTest = TcpTest;

TEST_F(TcpResetTest, TellsAResetAlsoBehindTheLastBytes) {
  make_pair();
  client_end->stream.write("last words");
  client_end->stream.close_with_reset();
  run_briefly(loop);
  server_end->stream.start_reading();
  run_until([&] { return server_end->reset || server_end->eof; });
  EXPECT_TRUE(server_end->reset);
  EXPECT_FALSE(server_end->eof);
}

}  // namespace
}  // namespace throttle::uv
