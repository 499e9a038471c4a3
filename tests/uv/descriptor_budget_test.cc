// How the descriptors of a process are shared out, with limits that the tests choose.
#include "libthrottle/uv/descriptor_budget.h"

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::uv {
namespace {

constexpr std::size_t kReserve = DescriptorBudget::kReserve;

class DescriptorBudgetTest : public testing::Test {
 protected:
  // One who accepts as long as it may; each connection opens one descriptor.
  struct Owner {
    Owner(DescriptorBudgetTest& its_test, std::size_t places)
        : test(its_test), share(test.budget.open(this, places)) {}
    std::size_t accept_all() {
      while (test.budget.may_accept(share, test.open)) {
        tickets.push_back(test.budget.accept(share));
        ++test.open;
      }
      return tickets.size();
    }
    void close_all() {
      test.open -= tickets.size();
      tickets.clear();
    }
    DescriptorBudgetTest& test;
    DescriptorBudget::Share share;
    std::vector<DescriptorBudget::Ticket> tickets;
  };

  DescriptorBudget budget{264};  // 200 for connections
  std::size_t open = 0;
};

TEST_F(DescriptorBudgetTest, GivesAllToTheOnlyOwner) {
  Owner http(*this, 0);
  EXPECT_EQ(http.accept_all(), 200U);
}

TEST_F(DescriptorBudgetTest, KeepsForAProxyWhatItsPlacesNeed) {
  Owner http(*this, 0);
  Owner proxy(*this, 20);
  EXPECT_EQ(http.accept_all(), 200U - 40 - kReserve);
  EXPECT_EQ(proxy.accept_all(), 20U + kReserve);
}

TEST_F(DescriptorBudgetTest, KeepsSomethingForHttpWhileClientsWaitAtAProxy) {
  Owner http(*this, 0);
  Owner proxy(*this, 20);
  EXPECT_EQ(proxy.accept_all(), 200U - 20 - kReserve);
  EXPECT_EQ(http.accept_all(), kReserve);
}

TEST_F(DescriptorBudgetTest, GivesToOthersWhatWasGivenBack) {
  Owner http(*this, 0);
  http.accept_all();
  {
    const Owner proxy(*this, 20);
    http.close_all();
    EXPECT_EQ(http.accept_all(), 200U - 40 - kReserve);
  }
  EXPECT_EQ(http.accept_all(), 200U);
}

TEST_F(DescriptorBudgetTest, CutsReservesThatExceedTheLimitByTheSameRatio) {
  Owner one(*this, 192);
  Owner other(*this, 192);  // 400 each
  EXPECT_EQ(one.accept_all(), 50U) << "of a quarter of what it wanted, half for its upstream";
  EXPECT_EQ(other.accept_all(), 50U);
}

TEST_F(DescriptorBudgetTest, LetsEachOwnerAcceptOneConnectionWhileThereAreDescriptors) {
  budget.set_limit(8);
  Owner one(*this, 1000);
  Owner other(*this, 0);
  EXPECT_GE(one.accept_all(), 1U);
  EXPECT_GE(other.accept_all(), 1U);
  EXPECT_LE(open, 4U);
}

TEST_F(DescriptorBudgetTest, CountsDescriptorsOfNobody) {
  open = 150;
  Owner http(*this, 0);
  EXPECT_EQ(http.accept_all(), 50U);
}

TEST_F(DescriptorBudgetTest, ChangesReservesWhileConnectionsAreOpen) {
  Owner http(*this, 0);
  Owner proxy(*this, 20);
  budget.set_places(proxy.share, 50);
  EXPECT_EQ(http.accept_all(), 200U - 100 - kReserve);
  budget.set_places(proxy.share, 10);
  EXPECT_EQ(http.accept_all(), 200U - 20 - kReserve);
  budget.set_limit(364);
  EXPECT_EQ(http.accept_all(), 300U - 20 - kReserve);
}

TEST_F(DescriptorBudgetTest, HasOneAccountForAllAcceptorsOfAnOwner) {
  Owner http(*this, 0);
  Owner proxy(*this, 20);
  const auto second = budget.open(&proxy, 20);
  EXPECT_EQ(http.accept_all(), 200U - 40 - kReserve);
}

}  // namespace
}  // namespace throttle::uv
