// The dialer with real ports of the loopback and name servers that the tests answer for.
#include "libthrottle/proxy/dialer.h"

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/clock.h"
#include "tests/uv/deserted_port.h"
#include "tests/uv/name_server.h"
#include "tests/uv/run_guard.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::proxy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;
using uv::run_until_stopped;

class DialerTest : public testing::Test {
 protected:
  struct Dial {
    Dial(DialerTest& its_test, Upstream& upstream, Duration timeout,
         Dialer::Rounds rounds = Dialer::Rounds::kUntilTimeout)
        : test(its_test),
          dialer(std::in_place, upstream, timeout, uv::bound<&Dial::on_done>(this), rounds) {}
    void on_done(Result<uv::TcpStream> told) {
      attempts = dialer->attempts();
      result.emplace(std::move(told));
      rank = ++test.finished;
      dialer.reset();
      test.loop.stop();
    }
    DialerTest& test;
    std::size_t attempts = 0;
    int rank = 0;  // 1 for the first that had its result
    std::optional<Result<uv::TcpStream>> result;
    std::optional<Dialer> dialer;
  };

  void finish(Dial& dial) {
    EXPECT_FALSE(dial.result) << "not before the loop runs";
    while (!dial.result && !HasFailure())
      run_until_stopped(loop);
  }
  std::string failure_of(Upstream& upstream, Duration timeout,
                         Dialer::Rounds rounds = Dialer::Rounds::kUntilTimeout) {
    Dial dial(*this, upstream, timeout, rounds);
    finish(dial);
    return dial.result && !*dial.result ? dial.result->error().message : "it connected";
  }
  SocketAddress local() const { return acceptor->listener->local_address(); }
  SocketAddress deserted() { return deserts.emplace_back(loop).address(); }

  uv::Loop loop;
  std::list<uv::DesertedPort> deserts;
  int finished = 0;  // dials
  std::optional<uv::ListeningEnd> acceptor{std::in_place, loop};
};

HostPort target_at(const SocketAddress& address) {
  return {address.ip.to_string(), address.port};
}

TEST_F(DialerTest, ConnectsAtTheFirstAttempt) {
  Upstream upstream(loop, target_at(local()));
  Dial dial(*this, upstream, 5s);
  finish(dial);
  ASSERT_TRUE(*dial.result) << dial.result->error().message;
  EXPECT_EQ((*dial.result)->peer_address(), local());
  EXPECT_EQ(dial.attempts, 1U);
}

TEST_F(DialerTest, SaysNothingOfAnUpstreamThatOnlyAccepts) {
  Upstream upstream(loop, target_at(local()));
  upstream.note_failure("it hangs up at once");
  Dial dial(*this, upstream, 5s);
  finish(dial);
  EXPECT_TRUE(*dial.result);
  EXPECT_EQ(upstream.failure(), "it hangs up at once");
  upstream.note_success();
  EXPECT_EQ(upstream.failure(), "");
}

TEST_F(DialerTest, LooksANameUpOnceForAllWhoWaitForIt) {
  Upstream upstream(loop, {"localhost", local().port});
  std::vector<std::unique_ptr<Dial>> dials(20);
  for (auto& dial : dials)
    dial = std::make_unique<Dial>(*this, upstream, 5s);
  for (const auto& dial : dials) {
    while (!dial->result && !HasFailure())
      run_until_stopped(loop);
    EXPECT_TRUE(*dial->result);
  }
}

TEST_F(DialerTest, UsesAnAddressForTheTimeThatTheNameServerGaveIt) {
  uv::NameServer names(loop);
  names.set("office.test", {*IpAddress::parse("127.0.0.1")}, 3600);
  Upstream upstream(loop, {"office.test", local().port});
  for (int i = 0; i < 5; ++i) {
    Dial dial(*this, upstream, 5s);
    finish(dial);
    EXPECT_TRUE(*dial.result) << dial.result->error().message;
  }
  EXPECT_EQ(names.questions, 1);
}

TEST_F(DialerTest, LooksANameUpAgainWhenItsTimeIsOver) {
  uv::NameServer names(loop);
  names.set("office.test", {*IpAddress::parse("127.0.0.1")}, 0);
  Upstream upstream(loop, {"office.test", local().port});
  while (names.questions < 2 && !HasFailure()) {
    Dial dial(*this, upstream, 5s);
    finish(dial);
    ASSERT_TRUE(*dial.result) << dial.result->error().message;
  }
}

TEST_F(DialerTest, UsesTheOldAddressWhileTheNameServerIsSilent) {
  uv::NameServer names(loop);
  names.set("office.test", {*IpAddress::parse("127.0.0.1")}, 0);
  Upstream upstream(loop, {"office.test", local().port});
  do {
    Dial dial(*this, upstream, 5s);
    finish(dial);
    ASSERT_TRUE(*dial.result) << dial.result->error().message;
    names.silent = true;
  } while (names.questions < 2 && !HasFailure());
  Dial last(*this, upstream, 5s);
  finish(last);
  EXPECT_TRUE(*last.result) << last.result->error().message;
}

TEST_F(DialerTest, WaitsForAnUpstreamThatIsStarting) {
  const SocketAddress address = deserted();
  Upstream upstream(loop, target_at(address));
  Dial dial(*this, upstream, 1min);
  while (dial.dialer->attempts() < 3)
    uv::run_briefly(loop);
  deserts.clear();
  acceptor.emplace(loop, address);
  finish(dial);
  EXPECT_TRUE(*dial.result);
  EXPECT_GE(dial.attempts, 3U);
}

TEST_F(DialerTest, SaysHowOftenAndHowLongItTried) {
  const SocketAddress address = deserted();
  Upstream upstream(loop, target_at(address));
  const std::string failure = failure_of(upstream, 200ms);
  EXPECT_THAT(failure, StartsWith("cannot connect to " + address.to_string() + ": connection "));
  EXPECT_THAT(failure, HasSubstr(" refused ("));
  EXPECT_THAT(failure, EndsWith(" in 200ms)"));
}

TEST_F(DialerTest, GivesUpInALaterTurnAlsoWithoutAnyTime) {
  Upstream upstream(loop, target_at(deserted()));
  EXPECT_THAT(failure_of(upstream, 0s), HasSubstr("(1 attempt in 0s)"));
}

TEST_F(DialerTest, KeepsToItsTimeWithAHostThatDoesNotExist) {
  Upstream upstream(loop, {"nobody.invalid", 80});  // reserved by RFC 6761
  const TimePoint start = uv::now();
  const std::string failure = failure_of(upstream, 300ms);
  EXPECT_GE(uv::now() - start, 300ms);
  EXPECT_THAT(failure, StartsWith("cannot connect to nobody.invalid:80: "));
  EXPECT_THAT(failure, HasSubstr("(tried for 300ms)"));
}

TEST_F(DialerTest, TriesEachAddressOnceIfItIsAskedForOneRound) {
  Upstream nowhere(loop, {"nobody.invalid", 80});
  EXPECT_THAT(failure_of(nowhere, 1h, Dialer::Rounds::kOne),
              StartsWith("cannot connect to nobody.invalid:80: "));
  const SocketAddress address = deserted();
  Upstream down(loop, {"both", 1}, {address, deserted()});
  EXPECT_THAT(failure_of(down, 1h, Dialer::Rounds::kOne), EndsWith(" refused"));
  EXPECT_THAT(down.failure(), HasSubstr("cannot connect to both:1: "));
  Upstream one_is_up(loop, {"both", 1}, {address, local()});
  Dial dial(*this, one_is_up, 1h, Dialer::Rounds::kOne);
  finish(dial);
  EXPECT_TRUE(*dial.result);
  EXPECT_EQ(dial.attempts, 2U);
}

TEST_F(DialerTest, WritesTheAddressOfAnUpstreamInBrackets) {
  Upstream upstream(loop, {"::1", 1});
  EXPECT_THAT(failure_of(upstream, 0s), StartsWith("cannot connect to [::1]:1: "));
}

TEST_F(DialerTest, TriesTheNextAddressAndBeginsWithItFromThenOn) {
  Upstream upstream(loop, {"both", 1}, {deserted(), local()});
  Dial first(*this, upstream, 5s);
  finish(first);
  EXPECT_TRUE(*first.result);
  EXPECT_EQ(first.attempts, 2U);

  Dial second(*this, upstream, 5s);
  finish(second);
  EXPECT_TRUE(*second.result);
  EXPECT_EQ(second.attempts, 1U);
}

TEST_F(DialerTest, ComesBackToTheFirstAddressWhenTheOtherOneIsGone) {
  uv::ListeningEnd other(loop);
  const SocketAddress address = deserted();
  Upstream upstream(loop, {"both", 1}, {address, other.listener->local_address()});
  Dial first(*this, upstream, 5s);
  finish(first);
  deserts.clear();
  acceptor.emplace(loop, address);
  other.listener = fail(ErrorCode::kUnavailable, "closed");
  Dial second(*this, upstream, 5s);
  finish(second);
  ASSERT_TRUE(*second.result);
  EXPECT_EQ((*second.result)->peer_address(), address);
}

TEST_F(DialerTest, GivesUpSilentlyWhenItIsDestroyed) {
  Upstream upstream(loop, target_at(local()));
  Upstream named(loop, {"localhost", local().port});
  Upstream nobody(loop, target_at(deserted()));
  Dial one(*this, upstream, 5s);
  Dial two(*this, named, 5s);
  Dial three(*this, nobody, 1ms);
  for (Dial* dial : {&one, &two, &three})
    dial->dialer.reset();
  for (const TimePoint end = uv::now() + 50ms; uv::now() < end;)
    uv::run_briefly(loop);
  for (const Dial* dial : {&one, &two, &three})
    EXPECT_FALSE(dial->result);
}

TEST_F(DialerTest, ServesManyDeadlinesWithOneTimer) {
  Upstream upstream(loop, target_at(deserted()));
  Dial slow(*this, upstream, 300ms);
  Dial fast(*this, upstream, 60ms);
  Dial never(*this, upstream, kForever);
  while (finished < 2 && !HasFailure())
    run_until_stopped(loop);
  EXPECT_EQ(fast.rank, 1);
  EXPECT_EQ(slow.rank, 2);
  EXPECT_FALSE(never.result);
}

}  // namespace
}  // namespace throttle::proxy
