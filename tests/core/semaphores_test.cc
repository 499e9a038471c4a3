// The table of semaphores: names and indices across reloads, and the marks of those to be served.
#include "libthrottle/core/semaphores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SemaphoreSettings named(const char* name, Count full_count = 1) {
  return {.name = name, .full_count = full_count};
}

class SemaphoresTest : public ::testing::Test {
 protected:
  ~SemaphoresTest() override { EXPECT_EQ(semaphores.check(), ""); }

  std::vector<SemaphoreIndex> configure(const std::vector<SemaphoreSettings>& settings) {
    return semaphores.configure(settings);
  }
  std::vector<SemaphoreIndex> pop_marks() {
    std::vector<SemaphoreIndex> popped;
    while (semaphores.any_marked())
      popped.push_back(semaphores.pop_marked().index());
    return popped;
  }

  Semaphores semaphores;
};

TEST_F(SemaphoresTest, ANameKeepsItsIndexAcrossReloads) {
  configure({named("A"), named("B")});
  const SemaphoreIndex index = semaphores.find("B")->index();
  configure({named("C")});
  EXPECT_EQ(semaphores.find("B"), nullptr);
  configure({named("C"), named("B")});
  EXPECT_EQ(semaphores.find("B")->index(), index);
  EXPECT_EQ(semaphores[index].name(), "B");
  EXPECT_EQ(semaphores.size(), 3U);
}

TEST_F(SemaphoresTest, SaysWhichAReloadChanged) {
  EXPECT_THAT(configure({named("A"), named("B")}), ElementsAre(0, 1));
  EXPECT_THAT(configure({named("B"), named("A")}), IsEmpty());
  EXPECT_THAT(configure({named("A", 2), named("B")}), ElementsAre(0));
  EXPECT_THAT(configure({named("A", 2)}), ElementsAre(1));
  EXPECT_THAT(configure({named("A", 2)}), IsEmpty());
}

TEST_F(SemaphoresTest, ARetiredOneIsFoundWhileSomethingIsHeldOfIt) {
  configure({named("A")});
  semaphores[0].hold(1);
  configure({});
  EXPECT_EQ(semaphores.find_configured("A"), nullptr);
  EXPECT_NE(semaphores.find("A"), nullptr);
  semaphores[0].give_back(1);
  EXPECT_EQ(semaphores.find("A"), nullptr);
  EXPECT_NE(semaphores.find_ever_configured("A"), nullptr);
  EXPECT_EQ(semaphores.find_ever_configured("B"), nullptr);
}

TEST_F(SemaphoresTest, MarksComeOnceAndInTheirOrder) {
  configure({named("A"), named("B"), named("C")});
  for (const SemaphoreIndex index : {2U, 0U, 2U, 0U})
    semaphores.mark(index);
  EXPECT_THAT(pop_marks(), ElementsAre(2, 0));
  semaphores.mark_all();
  EXPECT_THAT(pop_marks(), ElementsAre(0, 1, 2));
}

TEST_F(SemaphoresTest, OneThatIsBeingServedMayBeMarkedAgain) {
  configure({named("A"), named("B")});
  semaphores.mark_all();
  EXPECT_EQ(semaphores.pop_marked().index(), 0U);
  semaphores.mark(0);
  EXPECT_EQ(semaphores.check(), "");
  EXPECT_THAT(pop_marks(), ElementsAre(1, 0));
}

}  // namespace
}  // namespace throttle
