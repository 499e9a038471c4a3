// A reset behind bytes that nobody has read yet. Windows throws those bytes away; Wine forgets the
// reset.
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

using TcpResetTest = TcpTest;

TEST_F(TcpResetTest, TellsAResetAlsoBehindTheLastBytes) {
  make_pair();
  client_->stream.write("last words");
  client_->stream.close_with_reset();
  run_briefly(loop_);
  server_->stream.start_reading();
  run_until([&] { return server_->reset || server_->eof; });
  EXPECT_TRUE(server_->reset);
  EXPECT_FALSE(server_->eof);
}

}  // namespace
}  // namespace throttle::uv
