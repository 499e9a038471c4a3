// What systemd says about the sockets that it hands over.
#include "libthrottle/app/inherited_listeners.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Result<InheritedListeners> parse(const char* pid, const char* count, const char* names) {
  return parse_inherited({.pid = pid, .count = count, .names = names}, 42);
}

TEST(InheritedListeners, AreNoneWithoutTheirVariables) {
  EXPECT_THAT(parse(nullptr, nullptr, nullptr).value(), IsEmpty());
  EXPECT_THAT(parse("42", nullptr, "http").value(), IsEmpty());
  EXPECT_THAT(parse(nullptr, "1", "http").value(), IsEmpty());
  EXPECT_THAT(parse("42", "0", "").value(), IsEmpty());
}

TEST(InheritedListeners, OfAnotherProcessAreLeftAlone) {
  EXPECT_THAT(parse("41", "1", "http").value(), IsEmpty());
}

TEST(InheritedListeners, AreFoundByNameInAnyOrder) {
  EXPECT_THAT(parse("42", "4", "office:http:status:http").value(),
              ElementsAre(Pair("http", ElementsAre(4, 6)), Pair("office", ElementsAre(3)),
                          Pair("status", ElementsAre(5))));
}

TEST(InheritedListeners, WithoutNamesAreUnknown) {
  EXPECT_THAT(parse("42", "2", nullptr).value(), ElementsAre(Pair("unknown", ElementsAre(3, 4))));
}

TEST(InheritedListeners, ThatMakeNoSenseAreAnError) {
  EXPECT_FALSE(parse("x", "1", "http"));
  EXPECT_FALSE(parse("42", "many", "http"));
  EXPECT_FALSE(parse("42", "-1", "http"));
  EXPECT_FALSE(parse("42", "1000000", nullptr));
  const auto unequal = parse("42", "2", "http");
  ASSERT_FALSE(unequal);
  EXPECT_THAT(unequal.error().message, HasSubstr("does not name 2 sockets"));
}

TEST(InheritedListeners, AnUnknownNameIsAMistakeThatListsTheKnownOnes) {
  const auto listeners = parse("42", "3", "http:oficce:http").value();
  const std::array<std::string, 2> known = {"http", "office"};
  EXPECT_THAT(unknown_names(listeners, known),
              ElementsAre(::testing::AllOf(HasSubstr("\"oficce\""), HasSubstr("http, office"))));
  EXPECT_THAT(unknown_names(parse("42", "1", "office").value(), known), IsEmpty());
}

}  // namespace
}  // namespace throttle::app
