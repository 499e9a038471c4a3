// Clients that are let in, that wait, and that are rejected; and that no place is lost.
#include "libthrottle/gate/throttled_listener.h"

#include <chrono>
#include <functional>
#include <utility>

#include <gmock/gmock.h>

#include "tests/gate/gate_fixture.h"

namespace throttle::gate {
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

class ThrottledListenerTest : public GateTest, public ThrottledListener::Receiver {
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
    if (on_refusal) on_refusal();
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
  std::string said_by_the_last_guest() { return guests.back()->place.take().received; }
  void drop_first_guest() {
    guests.erase(guests.begin());
    end_turn();
  }

  std::unique_ptr<ThrottledListener> listener;
  SocketAddress address;
  std::vector<std::unique_ptr<Guest>> guests;  // die before the listener
  std::vector<Refusal> refusals;
  std::function<void()> on_refusal;
};

// --- turns ---

TEST_F(ThrottledListenerTest, LetsOneInAndTheNextOneWhenItsPlaceIsDropped) {
  configure(1);
  listen();
  arrive("first");
  arrive_and_say("second");
  ASSERT_EQ(guests.size(), 1U);
  EXPECT_EQ(listener->waiting_count(), 1U);
  guests.pop_back();
  EXPECT_TRUE(guests.empty()) << "dropping a place calls nobody";
  end_turn();
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
  end_turn();
  arrive();
  EXPECT_TRUE(guests.empty());
  ledger().remove_peer(uv::now(), job.peer);
  end_turn();
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
  EXPECT_EQ(contents.received, "question");
  EXPECT_TRUE(contents.has_ended);
}

TEST_F(ThrottledListenerTest, ReportsTheEndThatCameWhileAClientWaitedToTheNewReceiver) {
  configure(1);
  listen();
  arrive();
  arrive("question").stream.shutdown();
  uv::run_briefly(loop);
  drop_first_guest();
  HeldStream::Contents contents = guests.back()->place.take();
  uv::End server(loop, std::move(contents.stream));
  server.stream.start_reading();
  run_until([&] { return server.eof; });
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
  end_turn();
  EXPECT_EQ(guests.back()->cause, Cause::kReleased);
}

TEST_F(ThrottledListenerTest, CallsNobodyFromWithinTheEndOfAPlace) {
  configure(1);
  listen();
  arrive();
  guests.front()->place.limit_hold(0ms);
  EXPECT_EQ(guests.front()->cause, Cause::kNone);
  end_turn();
  EXPECT_EQ(guests.front()->cause, Cause::kHoldLimit);
}

TEST_F(ThrottledListenerTest, CountsThePositionFromTheEnrolment) {
  configure(1);
  listen();
  arrive();
  arrive();
  const auto job = ledger().enroll(uv::now(), {.spec = {}, .semaphore = "service"});
  guests.pop_back();  // not reported yet when the next one enrols
  ledger().remove_peer(uv::now(), job.peer);
  arrive();
  ASSERT_EQ(guests.size(), 1U);
  drop_first_guest();
  EXPECT_EQ(guests.back()->place.visit().position, 0U);
}

TEST_F(ThrottledListenerTest, ClosesAWaitingClientWhosePeerSomebodyDeleted) {
  configure(0);
  listen();
  uv::End& client = arrive();
  ledger().remove_peer(uv::now(), listener->waiting().front().visit.peer);
  end_turn();
  run_until([&] { return client.eof; });
  EXPECT_EQ(listener->waiting_count(), 0U);
  EXPECT_THAT(refusals, ElementsAre(Refusal::kKilled));
}

TEST_F(ThrottledListenerTest, SaysThatAnOperatorDeletedAWaitingClient) {
  configure(0);
  listen();
  arrive();
  ledger().remove_peer(uv::now(), listener->waiting().front().visit.peer, Cause::kForced);
  end_turn();
  EXPECT_THAT(refusals, ElementsAre(Refusal::kKilled));
}

// As PUT /peers/ID with a short expires_in does.
TEST_F(ThrottledListenerTest, KeepsItsClientsWhateverARequestSaysOfTheirLife) {
  configure(1);
  listen();
  arrive();
  arrive();
  const PeerId admitted = guests.front()->place.visit().peer;
  const PeerId waiting = listener->waiting().front().visit.peer;
  for (const PeerId peer : {admitted, waiting})
    EXPECT_EQ(ledger().heartbeat(uv::now(), peer, Duration::zero()), Presence::kKnown);
  end_turn();
  EXPECT_EQ(guests.front()->cause, Cause::kNone);
  EXPECT_EQ(listener->waiting_count(), 1U);
  EXPECT_TRUE(ledger().contains(admitted));
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

TEST_F(ThrottledListenerTest, SendsTheWordsOfTheSettingsToThoseThatItTurnsAway) {
  configure(0);
  listen({.queue_timeout = 5ms, .rejection = Rejection::kReset, .reject_text = "421 busy\r\n"});
  uv::End& client = arrive("x");
  run_until([&] { return client.eof; });
  EXPECT_EQ(client.bytes, "421 busy\r\n");
}

TEST_F(ThrottledListenerTest, TurnsAwayThoseThatConnectTooOften) {
  configure(1);
  listen({.max_rate = {.connections = 1, .time = 1h}});
  arrive("x");
  uv::End& second = arrive("x");
  run_until([&] { return second.eof || second.reset; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kTooOften));
}

class ExtraPlacesTest : public ThrottledListenerTest {
 protected:
  void configure_both(Count places) {
    const std::vector<SemaphoreSettings> semaphores{
        {.name = "service", .full_count = places}, {.name = "service/extra", .full_count = places}};
    ledger().configure(uv::now(), semaphores);
    end_turn();
  }
  void listen_with_extras() {
    listen({.extra_per_client = 1,
            .extra_semaphore = "service/extra",
            .accept_proxy = {*IpNetwork::parse("127.0.0.1")}});
  }
  void arrive_from(const std::string& client) {
    const std::size_t wanted = guests.size() + listener->waiting_count() + 1;
    arrive("PROXY TCP4 " + client + " 10.9.9.9 4711 80\r\nx");
    watch_until([&] { return guests.size() + listener->waiting_count() == wanted; });
  }
  Count extras() { return ledger().semaphore("service/extra")->acquired; }
};

TEST_F(ExtraPlacesTest, AreForClientsThatHaveAPlaceAndForNobodyElse) {
  configure_both(1);
  listen_with_extras();
  arrive_from("10.0.0.1");
  arrive_from("10.0.0.2");
  arrive_from("10.0.0.1");
  arrive_from("10.0.0.1");
  EXPECT_EQ(guests.size(), 2U);
  EXPECT_EQ(state().acquired, 1);
  EXPECT_EQ(extras(), 1);
  EXPECT_EQ(listener->waiting_count(), 2U);
  EXPECT_EQ(ledger().check(), "");
}

TEST_F(ExtraPlacesTest, AreGivenToThoseThatWaitedWithTheFirst) {
  configure_both(0);
  listen_with_extras();
  for (int i = 0; i < 3; ++i)
    arrive_from("10.0.0.1");
  arrive_from("10.0.0.2");
  configure_both(1);
  end_turn();
  EXPECT_EQ(guests.size(), 2U);
  EXPECT_EQ(state().acquired, 1);
  EXPECT_EQ(extras(), 1);
  drop_first_guest();
  EXPECT_EQ(listener->waiting_count(), 1U)
      << "the place is the next one's, and that is the client's";
  EXPECT_EQ(ledger().check(), "");
}

TEST_F(ExtraPlacesTest, PassOnToTheNextOfTheClient) {
  configure_both(1);
  listen_with_extras();
  for (int i = 0; i < 3; ++i)
    arrive_from("10.0.0.1");
  EXPECT_EQ(guests.size(), 2U);
  EXPECT_EQ(listener->waiting_count(), 1U);
  guests.pop_back();
  end_turn();
  EXPECT_EQ(guests.size(), 2U);
  EXPECT_EQ(extras(), 1);
  EXPECT_EQ(listener->waiting_count(), 0U);
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

TEST_F(ThrottledListenerTest, MayBeStoppedByWhoHearsOfARejection) {
  configure(0, QueueOrder::kFifo, 0);
  listen();
  on_refusal = [this] { listener->stop(); };
  uv::End& client = connect_client(address);
  run_until([&] { return client.eof || client.reset; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kQueueFull));
}

TEST_F(ThrottledListenerTest, LetsPlacesBeDroppedWhileItStops) {
  configure(1);
  listen();
  arrive();
  arrive();
  arrive();
  on_refusal = [this] { guests.clear(); };
  listener->stop();
  EXPECT_THAT(refusals, ElementsAre(Refusal::kShutDown, Refusal::kShutDown));
  EXPECT_EQ(state().acquired, 0);
}

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

TEST_F(ThrottledListenerTest, GivesTheRoomOfTheOldestSilentClientToOneThatMaySpeak) {
  configure(1);
  listen({.activate_on = ActivateOn::kFirstByte, .max_silent = 2});
  uv::End& first = arrive();
  uv::End& second = arrive();
  watch_until([&] { return listener->waiting().size() == 2; });
  uv::End& third = arrive();
  run_until([&] { return first.eof; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kSilent));
  third.stream.write("x");
  watch_until([&] { return guests.size() == 1; });
  arrive();
  watch_until([&] { return listener->waiting().size() == 2; });
  EXPECT_FALSE(second.eof) << "the one that spoke makes room too";
}

TEST_F(ThrottledListenerTest, RejectsAClientThatIsSilentForTooLong) {
  configure(1);
  listen({.activate_on = ActivateOn::kFirstByte, .silence_timeout = 20ms});
  uv::End& silent = arrive();
  run_until([&] { return silent.eof; });
  EXPECT_THAT(refusals, ElementsAre(Refusal::kSilent));
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

TEST_F(ThrottledListenerTest, FeedsOneQueueFromAllThatItListensOn) {
  configure(1);
  listen();
  const std::vector places{kAnyPort, kAnyPort};
  const auto listening = listener->listen(places);
  ASSERT_TRUE(listening) << listening.error().message;
  ASSERT_EQ(listening->size(), 2U);
  EXPECT_EQ(listening->front(), address) << "what is there already stays";
  EXPECT_NE(listening->back(), address);
  arrive();
  address = listening->back().address;
  arrive();
  EXPECT_EQ(guests.size(), 1U);
  EXPECT_EQ(listener->waiting_count(), 1U);
}

TEST_F(ThrottledListenerTest, LeavesAPlaceThatIsNotWantedAnyMoreAndKeepsTheOthers) {
  configure(2);
  listen();
  const auto both = listener->listen(std::vector{kAnyPort, HostPort{"localhost", 0}});
  ASSERT_TRUE(both) << both.error().message;
  const HostPort taken{"127.0.0.1", acceptor.listener->local_address().port};
  EXPECT_FALSE(listener->listen(std::vector{kAnyPort, taken})) << "one of them is in use";
  address = both->back().address;
  arrive();
  const auto one = listener->listen(std::vector{HostPort{"localhost", 0}});
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->front(), both->back());
  arrive();
  EXPECT_EQ(guests.size(), 2U);
  const uv::ListeningEnd other(loop, both->front());  // it is free
}

}  // namespace
}  // namespace throttle::gate
