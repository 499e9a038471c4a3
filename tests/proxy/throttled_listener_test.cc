// Who is let in, who waits with what, who is turned away how, and that no place is lost.
#include "libthrottle/proxy/throttled_listener.h"

#include <chrono>
#include <utility>

#include <gmock/gmock.h>

#include "tests/proxy/door_fixture.h"

namespace throttle::proxy {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// One that was let in; keeps its place until it is dropped.
struct Guest final : Place::Receiver {
  explicit Guest(Place its_place) : place(std::move(its_place)) { place.set_receiver(*this); }
  void on_client_left() noexcept override { left = true; }
  void on_place_ended(Cause its_cause) noexcept override { cause = its_cause; }

  Place place;
  bool left = false;
  Cause cause = Cause::kNone;
};

class ThrottledListenerTest : public DoorTest, public ThrottledListener::Receiver {
 protected:
  ~ThrottledListenerTest() override {
    if (listener) listener->stop();
    guests.clear();
  }

  void listen(ThrottledListener::Options options = {}) {
    options.semaphore = "service";
    listener = std::make_unique<ThrottledListener>(loop, runtime.hub(), std::move(options), *this);
    const auto listening = listener->listen(kAnyPort);
    ASSERT_TRUE(listening) << listening.error().message;
    address = *listening;
  }

  void on_admitted(Place place) noexcept override {
    guests.push_back(std::make_unique<Guest>(std::move(place)));
  }
  void on_not_admitted(const Visit&, Refusal refusal) noexcept override {
    refusals.push_back(refusal);
  }
  void on_accept_failed(const Error& error) noexcept override { ADD_FAILURE() << error.message; }

  uv::End& arrive(std::string_view words = {}) {
    const std::size_t before = known();
    uv::End& client = connect_client(address, words);
    watch_until([&] { return known() == before + 1; });
    return client;
  }
  // Lets a client in line that has said `words` already.
  uv::End& arrive_and_say(std::string_view words) {
    uv::End& client = arrive(words);
    uv::run_briefly(loop);
    return client;
  }
  std::size_t known() const { return guests.size() + listener->waiting().size() + refusals.size(); }
  std::string said_by_the_last_guest() { return guests.back()->place.take().said; }
  // The next one is admitted before its place is quite gone, so it must not stand in the list.
  void drop_first_guest() {
    const std::unique_ptr<Guest> leaving = std::move(guests.front());
    guests.erase(guests.begin());
  }

  std::unique_ptr<ThrottledListener> listener;
  SocketAddress address;
  std::vector<std::unique_ptr<Guest>> guests;  // die before the listener
  std::vector<Refusal> refusals;
};

// --- turns ---

TEST_F(ThrottledListenerTest, LetsOneInAndTheNextOneWhenItsPlaceIsDropped) {
  configure(1);
  listen();
  arrive("first");
  arrive_and_say("second");
  ASSERT_EQ(guests.size(), 1U);
  EXPECT_EQ(listener->waiting_count(), 1U);
  drop_first_guest();
  ASSERT_EQ(guests.size(), 1U) << "in the same turn";
  EXPECT_EQ(said_by_the_last_guest(), "second");
  EXPECT_EQ(guests.back()->place.visit().position, 0U);
}

TEST_F(ThrottledListenerTest, ServesInOrderOfArrivalAndTellsHowManyCameBefore) {
  configure(1);
  listen();
  arrive();
  for (const char* name : {"a", "b", "c"})
    arrive_and_say(name);
  std::vector<std::string> served;
  std::vector<std::uint64_t> positions;
  for (int turn = 0; turn < 3; ++turn) {
    drop_first_guest();
    positions.push_back(guests.back()->place.visit().position);
    served.push_back(said_by_the_last_guest());
  }
  EXPECT_THAT(served, ElementsAre("a", "b", "c"));
  EXPECT_THAT(positions, ElementsAre(0U, 1U, 2U));
}

TEST_F(ThrottledListenerTest, StandsInOneQueueWithOtherPeersOfTheSemaphore) {
  configure(1);
  listen();
  const auto job = ledger().enroll(uv::now(), {.spec = {}, .semaphore = "service"});
  runtime.hub().settle();
  arrive();
  EXPECT_TRUE(guests.empty());
  ledger().remove_peer(uv::now(), job.peer);
  runtime.hub().settle();
  EXPECT_EQ(guests.size(), 1U);
}

TEST_F(ThrottledListenerTest, PausesWithALimitOfZeroAndKeepsTheQueue) {
  configure(0);
  listen();
  arrive();
  arrive();
  EXPECT_EQ(listener->waiting_count(), 2U);
  configure(1);
  EXPECT_EQ(guests.size(), 1U);
  EXPECT_EQ(listener->waiting_count(), 1U);
}

// --- leaving ---

TEST_F(ThrottledListenerTest, ForgetsAWaitingClientThatClosesWithoutAWord) {
  configure(1);
  listen();
  arrive();
  arrive().stream.close();
  watch_until([&] { return !refusals.empty(); });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kNone));
  EXPECT_EQ(state().waiting, 0U);
}

TEST_F(ThrottledListenerTest, ForgetsAWaitingClientThatResets) {
  configure(1);
  listen();
  arrive();
  arrive_and_say("words").stream.close_with_reset();
  watch_until([&] { return !refusals.empty(); });
  EXPECT_EQ(state().waiting, 0U);
}

TEST_F(ThrottledListenerTest, ServesAClientThatSaidAllAndWaitsForTheAnswer) {
  configure(1);
  listen();
  arrive();
  arrive("question").stream.shutdown();
  uv::run_briefly(loop);
  EXPECT_EQ(listener->waiting_count(), 1U);
  drop_first_guest();
  const HeldStream::Contents contents = guests.back()->place.take();
  EXPECT_EQ(contents.said, "question");
  EXPECT_TRUE(contents.has_ended);
}

TEST_F(ThrottledListenerTest, TakesThatClientForGoneIfItIsToldTo) {
  configure(1);
  listen({.half_closed = HalfClosed::kHasLeft});
  arrive();
  arrive("question").stream.shutdown();
  watch_until([&] { return !refusals.empty(); });
  EXPECT_EQ(listener->waiting_count(), 0U);
}

TEST_F(ThrottledListenerTest, TellsThatAClientWithAPlaceLeft) {
  configure(1);
  listen();
  arrive().stream.close();
  watch_until([&] { return guests.front()->left; });
  EXPECT_EQ(state().acquired, 1) << "the place is its holder's to drop";
}

TEST_F(ThrottledListenerTest, TellsThatThePlaceHasEnded) {
  configure(2);
  listen();
  arrive();
  arrive();
  guests.front()->place.limit_hold(1ms);
  watch_until([&] { return guests.front()->cause != Cause::kNone; });
  EXPECT_EQ(guests.front()->cause, Cause::kHoldLimit);
  ledger().remove_peer(uv::now(), guests.back()->place.visit().peer);
  runtime.hub().settle();
  EXPECT_EQ(guests.back()->cause, Cause::kReleased);
}

TEST_F(ThrottledListenerTest, ClosesAWaitingClientWhosePeerSomebodyDeleted) {
  configure(0);
  listen();
  uv::End& client = arrive();
  ledger().remove_peer(uv::now(), listener->waiting().front().visit.peer);
  runtime.hub().settle();
  run_until([&] { return client.eof; });
  EXPECT_EQ(listener->waiting_count(), 0U);
}

// --- turning away ---

TEST_F(ThrottledListenerTest, TurnsAwayWhomTheQueueHasNoRoomFor) {
  configure(1, QueueOrder::kFifo, 1);
  listen({.rejection = Rejection::kHttp});
  arrive();
  arrive();
  uv::End& third = arrive("GET / HTTP/1.1\r\n\r\n");
  run_until([&] { return third.eof; });
  EXPECT_THAT(third.bytes, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(third.bytes, HasSubstr("\r\nRetry-After: "));
  EXPECT_THAT(refusals, ElementsAre(Refusal::kQueueFull));
}

TEST_F(ThrottledListenerTest, TurnsAwayWhoWaitedTooLong) {
  configure(1);
  listen({.queue_timeout = 5ms});
  arrive();
  uv::End& second = arrive();
  run_until([&] { return second.eof; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kQueueTimeout));
  EXPECT_EQ(guests.size(), 1U) << "a place has no such limit";
}

TEST_F(ThrottledListenerTest, CountsWaitingAndAdmittedConnectionsOfAClientTogether) {
  configure(1);
  listen({.rejection = Rejection::kHttp, .client_limits = {.max_per_client = 2}});
  arrive();
  arrive();
  uv::End& third = arrive();
  run_until([&] { return third.eof; });
  EXPECT_THAT(third.bytes, StartsWith("HTTP/1.1 429 "));
  drop_first_guest();
  arrive();
  EXPECT_THAT(refusals, ElementsAre(Refusal::kPerClient));
}

TEST_F(ThrottledListenerTest, ResetsWhomItTurnsAwayIfItIsToldTo) {
  configure(0);
  listen({.queue_timeout = 5ms, .rejection = Rejection::kReset});
  uv::End& client = arrive();
  run_until([&] { return client.reset || client.eof; });
  EXPECT_TRUE(client.reset);
}

TEST_F(ThrottledListenerTest, TurnsAwayWhoWaitsWhenItStops) {
  configure(1);
  listen();
  arrive();
  uv::End& second = arrive();
  listener->stop();
  run_until([&] { return second.eof; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kShutDown));
  EXPECT_EQ(guests.size(), 1U);
}

// --- before the queue ---

TEST_F(ThrottledListenerTest, SeesTheRealClientBehindALoadBalancer) {
  configure(1);
  listen({.accept_proxy = {*IpNetwork::parse("127.0.0.0/8")}});
  uv::End& client = connect_client(address, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nwords");
  watch_until([&] { return guests.size() == 1; });
  EXPECT_EQ(guests.front()->place.visit().client.to_string(), "192.0.2.1:56324");
  EXPECT_EQ(said_by_the_last_guest(), "words");
  EXPECT_FALSE(client.eof);
}

TEST_F(ThrottledListenerTest, TurnsAwayALoadBalancerThatDoesNotTellTheClient) {
  configure(1);
  listen({.accept_proxy = {*IpNetwork::parse("127.0.0.1")}, .proxy_header_timeout = 5ms});
  uv::End& silent = connect_client(address);
  run_until([&] { return silent.eof; });
  uv::End& wrong = connect_client(address, "GET / HTTP/1.1\r\n\r\n");
  run_until([&] { return wrong.eof || wrong.reset; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kBadProxyHeader, Refusal::kBadProxyHeader));
  EXPECT_EQ(ledger().peer_count(), 0U);
}

TEST_F(ThrottledListenerTest, LeavesASilentClientOutOfTheQueueUntilItSpeaks) {
  configure(1);
  listen({.activate_on = ActivateOn::kFirstByte});
  uv::End& client = arrive();
  EXPECT_TRUE(guests.empty());
  EXPECT_EQ(ledger().peer_count(), 0U);
  client.stream.write("x");
  watch_until([&] { return guests.size() == 1; });
}

TEST_F(ThrottledListenerTest, KeepsOnlySoManySilentClientsAndNotForEver) {
  configure(1);
  listen({.activate_on = ActivateOn::kFirstByte, .max_silent = 1, .silence_timeout = 1s});
  uv::End& first = arrive();
  uv::End& second = arrive();
  run_until([&] { return second.eof; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kQueueFull));
  run_until([&] { return first.eof; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kQueueFull, Refusal::kSilent));
}

// --- listening ---

TEST_F(ThrottledListenerTest, NamesAnAddressThatIsInUseAndGoesOnWhereItListens) {
  configure(1);
  listen();
  const SocketAddress taken = acceptor.listener->local_address();
  const auto listening = listener->listen({"127.0.0.1", taken.port});
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, ErrorCode::kInUse);
  EXPECT_THAT(listening.error().message, HasSubstr(taken.to_string()));
  arrive();
  EXPECT_EQ(guests.size(), 1U);
}

}  // namespace
}  // namespace throttle::proxy
