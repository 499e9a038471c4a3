// Which word was probably meant.
#include "libthrottle/config/closest.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace throttle::config {
namespace {

TEST(Closest, FindsTheWordAFewLettersAway) {
  const std::vector<std::string> keys = {"max", "level", "order", "max_pending"};
  struct Row {
    std::string_view word;
    std::string_view meant;
  };
  const Row rows[] = {{"levl", "level"},
                      {"levels", "level"},
                      {"Level", "level"},
                      {"ordre", "order"},
                      {"amx", "max"},
                      {"redor", ""},
                      {"oder", "order"},
                      {"mx", "max"},
                      {"maxpending", "max_pending"},
                      {"may_bending", "max_pending"},
                      {"max_waiting", ""},
                      {"colour", ""},
                      {"", ""}};
  for (const Row& row : rows) {
    EXPECT_EQ(closest(row.word, keys), row.meant) << row.word;
  }
}

TEST(Closest, FindsAWordThatBeginsAlikeOrHasAFurtherWordInFront) {
  const std::vector<std::string> keys = {"proxy", "proxy_status", "max_connections", "max_peers"};
  EXPECT_EQ(closest("proxies", keys), "proxy");
  EXPECT_EQ(closest("status", keys), "proxy_status");
  EXPECT_EQ(closest("max_conns", keys), "max_connections");
  EXPECT_EQ(closest("max_size", keys), "");
  EXPECT_EQ(closest("pro", keys), "");
}

TEST(Closest, PrefersTheNearerAndThenTheEarlierWord) {
  const std::vector<std::string> keys = {"abcdef", "abcxef", "abcxyf"};
  EXPECT_EQ(closest("abcxyf", keys), "abcxyf");
  EXPECT_EQ(closest("abczef", keys), "abcdef");
}

TEST(Closest, FindsNothingForWordsOfNoSaneLength) {
  const std::string word(64, 'a');
  EXPECT_EQ(closest(word, std::vector<std::string>{word}), word);
  const std::string longer(65, 'a');
  EXPECT_EQ(closest(longer, std::vector<std::string>{longer}), "");
  EXPECT_EQ(closest("a", std::vector<std::string>{longer}), "");
}

}  // namespace
}  // namespace throttle::config
