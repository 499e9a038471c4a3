// The gate without sockets: a clock in hand, and visitors that are made of nothing.
#include "libthrottle/gate/gate.h"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::gate {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class GateAlone : public testing::Test, public Gate::Receiver {
 protected:
  class Client final : public Visitor {
   public:
    explicit Client(GateAlone& test) : test_(test) {}
    std::string_view received() const override { return bytes; }
    bool has_ended() const override { return false; }
    void skip(std::size_t count) override { bytes.erase(0, count); }
    void reject(Rejection, Refusal) noexcept override {}
    void on_admitted() noexcept override { test_.admitted.insert(this); }
    void on_place_ended(Cause) noexcept override {}
    std::string bytes;

   private:
    GateAlone& test_;
  };

  ~GateAlone() override {
    for (Client* const client : std::exchange(admitted, {}))
      gate->leave(*client);
  }

  void configure(Count places, Count extra_places) {
    const std::vector<SemaphoreSettings> semaphores{
        {.name = "service", .full_count = places},
        {.name = "service/extra", .full_count = extra_places}};
    ledger.configure(now, semaphores);
    hub.settle();
  }
  void open(Options options) {
    options.semaphore = "service";
    options.extra_semaphore = "service/extra";
    Gate::Receiver& receiver = *this;
    gate.emplace(
        hub, [this] { return now; }, std::move(options), receiver);
  }
  Client& arrive(std::uint8_t client) {
    auto added = std::make_unique<Client>(*this);
    Client& arrived = *added;
    gate->arrive(std::move(added), {IpAddress::from_v4({10, 0, 0, client}), 4711});
    hub.settle();
    return arrived;
  }
  void leave(Client& client) {
    admitted.erase(&client);
    gate->leave(client);
    hub.settle();
  }
  void set_extra_per_client(std::size_t number) {
    Options options = gate->options();
    options.extra_per_client = number;
    gate->set_options(std::move(options));
    hub.settle();
  }
  bool has_place(Client& client) const { return admitted.contains(&client); }
  void on_not_admitted(const Visit&, Refusal refusal) noexcept override {
    refusals.push_back(refusal);
  }

  LeaseLedger ledger;
  LedgerHub hub{ledger};
  TimePoint now{1h};
  std::set<Client*> admitted;
  std::vector<Refusal> refusals;
  std::optional<Gate> gate;
};

TEST_F(GateAlone, JudgesTheRateWhenTheClientIsKnown) {
  configure(9, 9);
  open({.accept_proxy = {*IpNetwork::parse("10.0.0.0/8")},
        .max_rate = {.connections = 1, .time = 1s}});
  Client& slow = arrive(1);
  now += 2s;
  Client& quick = arrive(1);
  for (Client* const client : {&quick, &slow}) {
    client->bytes = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
    gate->on_received(*client);
    hub.settle();
    now += 1s;
  }
  EXPECT_TRUE(has_place(quick));
  EXPECT_THAT(refusals, ElementsAre()) << "a second lies between the two";
}

class GateWithExtras : public GateAlone {
 protected:
  // Two clients have a place each, and the first one the only extra place.
  void open_for_two() {
    configure(2, 1);
    open({.extra_per_client = 1});
    arrive(1);
    extra = &arrive(1);
    arrive(2);
    EXPECT_TRUE(has_place(*extra));
  }
  Client* extra = nullptr;
};

TEST_F(GateWithExtras, PassAnExtraPlaceOnToAnotherClient) {
  open_for_two();
  Client& waiting = arrive(2);
  EXPECT_FALSE(has_place(waiting));
  leave(*extra);
  EXPECT_TRUE(has_place(waiting));
}

TEST_F(GateWithExtras, GiveAnExtraPlaceThatOthersHeld) {
  configure(1, 1);
  open({.extra_per_client = 1});
  const PeerId other = ledger.enroll(now, {.spec = {}, .semaphore = "service/extra"}).peer;
  hub.settle();
  arrive(1);
  Client& waiting = arrive(1);
  EXPECT_FALSE(has_place(waiting));
  ledger.remove_peer(now, other);
  hub.settle();
  EXPECT_TRUE(has_place(waiting));
}

TEST_F(GateWithExtras, GiveThoseThatAReloadAdds) {
  open_for_two();
  Client& other = arrive(2);
  Client& more = arrive(1);
  configure(2, 3);
  hub.settle();
  EXPECT_TRUE(has_place(other)) << "there are more extra places";
  EXPECT_FALSE(has_place(more));
  set_extra_per_client(2);
  EXPECT_TRUE(has_place(more)) << "each client may have more of them";
}

TEST_F(GateWithExtras, AreGivenToThoseThatWaitedWhenThereWereNone) {
  configure(1, 1);
  open({});
  Client& first = arrive(1);
  Client& stranger = arrive(2);
  Client& second = arrive(1);
  EXPECT_FALSE(has_place(second));
  set_extra_per_client(1);
  EXPECT_TRUE(has_place(second));
  EXPECT_FALSE(has_place(stranger));
  leave(first);
  EXPECT_TRUE(has_place(stranger));
}

TEST_F(GateWithExtras, PassOverAClientWhoseWaitHasJustEnded) {
  open_for_two();
  Client& ended = arrive(2);
  Client& next = arrive(2);
  ledger.remove_peer(now, ended.visit().peer);
  leave(*extra);
  EXPECT_TRUE(has_place(next));
  EXPECT_THAT(refusals, ElementsAre(Refusal::kKilled));
}

}  // namespace
}  // namespace throttle::gate
