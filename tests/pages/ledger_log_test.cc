// What an operator reads of leases that are lost or restored.
#include "libthrottle/pages/ledger_log.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/loop.h"
#include "tests/telemetry/recording_sink.h"

namespace throttle::pages {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LedgerLogTest : public ::testing::Test {
 protected:
  LedgerLogTest() {
    const std::vector<SemaphoreSettings> semaphores{{.name = "A", .full_count = 1000},
                                                    {.name = "B", .full_count = 1000}};
    ledger.configure(now, semaphores);
  }
  void hold(std::string_view semaphore, std::string_view label, Duration time_to_live) {
    PeerSpec spec;
    spec.time_to_live = time_to_live;
    spec.address = {*IpAddress::parse("192.0.2.7"), 4000};
    const PeerId peer = ledger.add_peer(now, spec);
    ledger.set_label(peer, label);
    ledger.acquire(now, {.peer = peer, .semaphore = semaphore, .count = 2});
  }
  void pass(Duration length) {
    now += length;
    ledger.advance(now);
    log.observe(ledger.events());
    ledger.clear_events();
  }

  std::vector<std::string> written;
  telemetry::Logger logger = telemetry::recording_logger("warn", written);
  uv::Loop loop;
  telemetry::LimitedLines lines{loop};
  TimePoint now;
  LeaseLedger ledger{LeaseLedger::Options{.seed = 1, .start = now}};
  LedgerLog log{ledger, logger.target("ledger"), lines};
};

TEST_F(LedgerLogTest, NamesALostLeaseWithLabelAndClient) {
  hold("A", "nightly report", 1s);
  pass(2s);
  EXPECT_THAT(written,
              ElementsAre(AllOf(HasSubstr("a peer that held a lease was not renewed in time"),
                                HasSubstr(R"(label="nightly report" client=192.0.2.7:4000)"),
                                HasSubstr("semaphore=A count=2"))));
}

TEST_F(LedgerLogTest, SaysThatMoreIsHeldThanAllowedAndForHowLong) {
  hold("A", "", 1h);
  const std::vector<SemaphoreSettings> smaller{{.name = "A", .full_count = 1}};
  ledger.configure(now, smaller);
  pass(3s);
  const std::vector<SemaphoreSettings> larger{{.name = "A", .full_count = 5}};
  ledger.configure(now, larger);
  pass(0s);
  const HeldLock held[] = {{"A", 4}};
  PeerSpec spec;
  spec.address = {*IpAddress::parse("192.0.2.7"), 4000};
  spec.label = "report";
  pass(10s);
  written.clear();
  ledger.restore(now, {.peer = 77, .spec = spec, .held = held});
  ledger.restore(now, {.peer = 78, .spec = spec, .held = held});
  pass(0s);
  EXPECT_THAT(written.at(0), HasSubstr("a peer restored its lease"));
  EXPECT_THAT(
      written.at(1),
      HasSubstr("more is held than the limit allows semaphore=A excess=1 cause=\"a restore\" "
                "peer=77 client=192.0.2.7:4000 label=report"));
  EXPECT_THAT(written, SizeIs(2)) << "that it grew is no line";
}

TEST_F(LedgerLogTest, SaysThatALimitWasLowered) {
  hold("A", "", 1h);
  const std::vector<SemaphoreSettings> smaller{{.name = "A", .full_count = 1}};
  ledger.configure(now, smaller);
  pass(3s);
  ledger.configure(now, {});
  pass(0s);
  EXPECT_THAT(written,
              ElementsAre(HasSubstr("more is held than the limit allows semaphore=A excess=1 "
                                    "cause=\"the limit was lowered\""),
                          HasSubstr("no more is held than the limit allows semaphore=A "
                                    "lasted_ms=3000")));
}

TEST_F(LedgerLogTest, NamesEachOfThoseThatAreLostOneAfterTheOther) {
  for (const char* const label : {"one", "two", "three"}) {
    hold("A", label, 1s);
    pass(2s);
  }
  EXPECT_THAT(written, ElementsAre(HasSubstr("label=one"), HasSubstr("label=two"),
                                   HasSubstr("label=three")));
}

TEST_F(LedgerLogTest, NamesAllThatAreLostAtOnceInOneLine) {
  for (const char* const label : {"one", "two", "three"})
    hold(label == std::string_view("two") ? "B" : "A", label, 1s);
  pass(2s);
  ASSERT_THAT(written, SizeIs(1));
  EXPECT_THAT(written.front(), HasSubstr("peers that held leases were not renewed in time lost=3"));
  for (const char* const part : {R"(2 of \"A\" by peer )", R"(labelled \"one\" of 192.0.2.7:4000)",
                                 R"(2 of \"B\" by peer )", R"(labelled \"three\")"})
    EXPECT_THAT(written.front(), HasSubstr(part));
}

TEST_F(LedgerLogTest, LeavesNoneOutWhereALineIsTooShortForAll) {
  for (int i = 0; i < 50; ++i)
    hold("A", "label " + std::to_string(i) + ".", 1s);
  pass(2s);
  EXPECT_THAT(written,
              ElementsAre(HasSubstr("lost=20"), HasSubstr("lost=20"), HasSubstr("lost=10")));
  std::string all;
  for (const std::string& line : written)
    all += line;
  for (int i = 0; i < 50; ++i)
    EXPECT_THAT(all, HasSubstr("label " + std::to_string(i) + "."));
}

TEST_F(LedgerLogTest, SaysOfEachStepWhoseItIsHowLongItTookAndWhy) {
  telemetry::Logger chatty = telemetry::recording_logger("debug", written);
  LedgerLog all(ledger, chatty.target("ledger"), lines);
  ledger.clear_events();
  hold("A", "nightly report", 1h);
  const PeerId peer = ledger.events().back().peer;
  all.observe(ledger.events());
  ledger.clear_events();
  EXPECT_THAT(
      written.back(),
      AllOf(HasSubstr("granted peer="),
            HasSubstr(R"(label="nightly report" client=192.0.2.7:4000 semaphore=A count=2)"),
            HasSubstr("waited_ms=0")));
  now += 1500ms;
  all.on_kick({.at = now,
               .peer = peer,
               .semaphore = kNoSemaphore,
               .from = {*IpAddress::parse("192.0.2.9"), 5},
               .by = "ann@desk",
               .reason = "stuck"});
  EXPECT_THAT(
      written.back(),
      AllOf(HasSubstr("kicked peer="),
            HasSubstr(R"(label="nightly report" client=192.0.2.7:4000 semaphore="" by=ann@desk)"),
            HasSubstr("reason=stuck within=0s bar=0s from=192.0.2.9:5")));
  ledger.remove_peer(now, peer, Cause::kForced);
  written.clear();
  all.observe(ledger.events());
  ledger.clear_events();
  EXPECT_THAT(
      written.front(),
      AllOf(HasSubstr("lease ended peer="),
            HasSubstr(R"(label="nightly report" client=192.0.2.7:4000 semaphore=A count=2)"),
            HasSubstr("held_ms=1500 cause=forced by=ann@desk reason=stuck")));
}

TEST_F(LedgerLogTest, LimitsRestoresForEachSemaphore) {
  for (const PeerId peer : {1U, 2U, 3U}) {
    for (const char* const semaphore : {"A", "B"}) {
      const HeldLock lock{semaphore, 1};
      const PeerId id = 10 * peer + (semaphore == std::string_view("A") ? 0 : 1);
      ledger.restore(now, {.peer = id, .spec = {}, .held = {&lock, 1}});
    }
  }
  pass(0s);
  lines.flush(now);
  EXPECT_THAT(written,
              ElementsAre(HasSubstr("semaphore=A"), HasSubstr("semaphore=B"),
                          AllOf(HasSubstr("suppressed=2 peer=30"), HasSubstr("semaphore=A")),
                          AllOf(HasSubstr("suppressed=2 peer=31"), HasSubstr("semaphore=B"))));
}

}  // namespace
}  // namespace throttle::pages
