// When a silence counts as one, by what the system says at each look.
#include "libthrottle/proxy/unanswered.h"

#include <gtest/gtest.h>

namespace throttle::proxy {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLimit = 1min;

class UnansweredTest : public testing::Test {
 protected:
  // Looks `after` the beginning; the peer said something `ago`.
  bool look(Duration after, Duration ago, bool has_room = true) {
    const uv::Delivery delivery{.has_room = has_room, .since_last_word = ago};
    return unanswered.is_over(delivery, kLimit, TimePoint() + after);
  }
  void look_when_all_has_come(Duration after) {
    EXPECT_FALSE(unanswered.is_over({.is_complete = true}, kLimit, TimePoint() + after));
  }
  Unanswered unanswered;
};

TEST_F(UnansweredTest, IsOverWhenNothingWasAcknowledgedForTheLimit) {
  EXPECT_FALSE(look(0s, 5s));
  EXPECT_FALSE(look(59s, 64s));
  EXPECT_TRUE(look(60s, 65s));
}

TEST_F(UnansweredTest, DoesNotCountTheSilenceBeforeSomethingWasSent) {
  look_when_all_has_come(1h);
  EXPECT_FALSE(look(1h + 1s, 1h));
  EXPECT_FALSE(look(1h + 30s, 1h));
  EXPECT_TRUE(look(1h + 61s, 1h));
}

TEST_F(UnansweredTest, BeginsAgainWithEachAnswer) {
  EXPECT_FALSE(look(0s, 0s));
  EXPECT_FALSE(look(50s, 10s));
  EXPECT_FALSE(look(99s, 59s));
  EXPECT_TRUE(look(100s, 60s));
}

TEST_F(UnansweredTest, BeginsAgainWhenAllHasCome) {
  EXPECT_FALSE(look(0s, 0s));
  look_when_all_has_come(30s);
  EXPECT_FALSE(look(61s, 31s));
}

// Its system is asked at ever longer intervals whether it takes more, up to two minutes.
TEST_F(UnansweredTest, GivesAPeerThatDoesNotReadTheTimeOfTwoQuestions) {
  EXPECT_FALSE(look(0s, 0s, false));
  EXPECT_FALSE(look(119s, 119s, false));
  EXPECT_TRUE(look(5min, 5min, false)) << "it does not answer either";
}

}  // namespace
}  // namespace throttle::proxy
