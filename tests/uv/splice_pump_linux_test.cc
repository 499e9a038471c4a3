// The pump between two real connections: ends, resets, full targets, no descriptors.
#include <vector>

#include "libthrottle/uv/pipe_pool.h"
#include "libthrottle/uv/splice_pump.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

// writer -> source, pump, target -> reader. The pump moves whenever the source is readable.
class SplicePumpTest : public TcpTest {
 protected:
  struct Source final : TcpStream::Receiver {
    Source(Loop& its_loop, TcpStream its_stream) : loop(its_loop), stream(std::move(its_stream)) {
      stream.set_receiver(*this);
    }
    void on_readable() noexcept override {
      const auto moved = pump.move(stream, *target, kMost);
      EXPECT_LE(moved.bytes, kMost);
      state = moved.state;
      bytes += moved.bytes;
      if (state != SplicePump::State::kFlowing) stream.stop_reading();
      loop.stop();
    }
    void on_bytes(std::string_view) noexcept override { ADD_FAILURE() << "it only watches"; }
    void on_eof() noexcept override { ADD_FAILURE() << "it only watches"; }
    void on_drained() noexcept override {}
    void on_reset() noexcept override {}
    void on_failed(const Error&) noexcept override {}

    Loop& loop;
    TcpStream stream;
    TcpStream* target = nullptr;
    SplicePump pump{loop};
    SplicePump::State state = SplicePump::State::kFlowing;
    std::size_t bytes = 0;
  };

  static constexpr std::size_t kMost = 100'000;
  using State = SplicePump::State;

  SplicePumpTest() {
    make_pair();
    writer.emplace(loop, std::move(client_end->stream));
    source.emplace(loop, std::move(server_end->stream));
    make_pair();
    source->target = &server_end->stream;
    source->stream.start_watching();
  }

  std::optional<End> writer;
  std::optional<Source> source;
  End& reader() { return *client_end; }
  End& target() { return *server_end; }
};

TEST_F(SplicePumpTest, PassesOnWhatTheSourceHas) {
  reader().stream.start_reading();
  writer->stream.write("hello");
  run_until([&] { return reader().bytes == "hello"; });
  EXPECT_EQ(source->bytes, 5U);
  EXPECT_EQ(source->pump.held_bytes(), 0U);
  EXPECT_EQ(loop.pipes().in_use(), 0U) << "a silent pump has none";
}

TEST_F(SplicePumpTest, HoldsWhatAFullTargetDoesNotTakeAndGoesOn) {
  const std::string bytes(20 << 20, 'x');
  writer->stream.write(bytes);
  run_until([&] { return source->state == State::kHeld; });
  EXPECT_GT(target().stream.queued_bytes(), 0U);
  EXPECT_LE(source->pump.held_bytes() + target().stream.queued_bytes(), kMost);
  EXPECT_LE(loop.pipes().in_use(), 1U);

  target().on_event = [&] {
    source->state = source->pump.go_on(target().stream);
    if (source->state == State::kFlowing) source->stream.start_watching();
  };
  reader().stream.start_reading();
  run_until([&] { return reader().bytes.size() == bytes.size(); });
  EXPECT_EQ(source->bytes, bytes.size());
  EXPECT_EQ(loop.pipes().in_use(), 0U);
}

TEST_F(SplicePumpTest, TellsTheEndOfTheSourceAfterItsBytes) {
  reader().stream.start_reading();
  writer->stream.write("last words");
  writer->stream.close();
  run_until([&] { return source->state == State::kSourceEnded; });
  run_until([&] { return reader().bytes == "last words"; });
  EXPECT_EQ(loop.pipes().in_use(), 0U);
}

TEST_F(SplicePumpTest, TellsAResetOfTheSource) {
  writer->stream.close_with_reset();
  run_until([&] { return source->state == State::kSourceReset; });
  EXPECT_EQ(loop.pipes().in_use(), 0U);
}

TEST_F(SplicePumpTest, LeavesItToTheTargetToTellThatItIsGone) {
  reader().stream.close_with_reset();
  run_briefly(loop);
  writer->stream.write("to nobody");
  run_until([&] { return target().reset; });
  EXPECT_EQ(source->state, State::kHeld);
}

TEST_F(SplicePumpTest, TakesNothingWithoutAPipe) {
  std::vector<Pipe> taken;
  while (auto pipe = loop.pipes().take())
    taken.push_back(*std::move(pipe));
  EXPECT_EQ(taken.size(), PipePool::kMostInUse);
  writer->stream.write("hello");
  run_until([&] { return source->state == State::kUnavailable; });
  EXPECT_EQ(source->bytes, 0U);

  for (auto& pipe : taken)
    loop.pipes().give_back(std::move(pipe));
  source->stream.start_watching();
  reader().stream.start_reading();
  run_until([&] { return reader().bytes == "hello"; });
}

TEST_F(SplicePumpTest, LosesWhatItHoldsWhenDestroyedAndNoPipe) {
  writer->stream.write(std::string(20 << 20, 'x'));
  run_until([&] { return source->pump.held_bytes() > 0; });
  EXPECT_EQ(loop.pipes().in_use(), 1U);
  source.reset();
  EXPECT_EQ(loop.pipes().in_use(), 0U);
}

}  // namespace
}  // namespace throttle::uv
