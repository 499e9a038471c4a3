// GELF messages, decoded by an independent reading of the specification.
#include "libthrottle/telemetry/gelf_message.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/telemetry/gelf_decoder.h"

namespace throttle::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::StartsWith;

// Letters that do not compress below three quarters of a byte each.
std::string noise(std::size_t bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::mt19937 random(4711);
  std::string text(bytes, ' ');
  for (char& letter : text)
    letter = kLetters[random() % kLetters.size()];
  return text;
}

nlohmann::json decode(const std::vector<std::string>& datagrams) {
  GelfDecoder decoder;
  std::optional<std::string> message;
  for (const std::string& datagram : datagrams) {
    EXPECT_FALSE(message) << "complete before the last datagram";
    message = decoder.accept(datagram);
  }
  EXPECT_TRUE(message) << "incomplete";
  return nlohmann::json::parse(message.value_or("null"));
}

TEST(GelfMessage, HasTheFieldsOfTheSpecification) {
  const std::array<Field, 3> fields = {
      {{"semaphore", "/& \"größe\""}, {"count", 3}, {"token", UINT64_MAX}}};
  const Record record{.time = WallTime(1751797830s + 7ms),
                      .level = Level::kWarn,
                      .target = "ledger",
                      .message = "unknown semaphore requested",
                      .fields = fields};
  const nlohmann::json message = decode(encode_gelf(record, {.host = "here"}, 1));
  EXPECT_EQ(message, nlohmann::json({{"version", "1.1"},
                                     {"host", "here"},
                                     {"short_message", "unknown semaphore requested"},
                                     {"timestamp", 1751797830.007},
                                     {"level", 4},
                                     {"_target", "ledger"},
                                     {"_semaphore", "/& \"größe\""},
                                     {"_count", 3},
                                     {"_token", UINT64_MAX}}));
}

TEST(GelfMessage, LevelsAreThoseOfSyslog) {
  const auto level_of = [](Level level) {
    return decode(encode_gelf({.level = level}, {.host = "here"}, 1))["level"].get<int>();
  };
  EXPECT_EQ(level_of(Level::kError), 3);
  EXPECT_EQ(level_of(Level::kWarn), 4);
  EXPECT_EQ(level_of(Level::kInfo), 6);
  EXPECT_EQ(level_of(Level::kDebug), 7);
  EXPECT_EQ(level_of(Level::kTrace), 7);
}

TEST(GelfMessage, IsNeverWithoutAText) {
  EXPECT_EQ(decode(encode_gelf({}, {.host = "here"}, 1))["short_message"], "-");
}

TEST(GelfMessage, IsCompressedAsAsked) {
  const Record record{.message = "text"};
  const auto first = [&record](Compression compression) {
    return encode_gelf(record, {.host = "here", .compression = compression}, 1).front();
  };
  EXPECT_THAT(first(Compression::kNone), StartsWith("{"));
  EXPECT_THAT(first(Compression::kZlib), StartsWith("\x78"));
  EXPECT_THAT(first(Compression::kGzip), StartsWith("\x1f\x8b"));
  for (const auto compression : {Compression::kNone, Compression::kZlib, Compression::kGzip})
    EXPECT_EQ(decode({first(compression)})["short_message"], "text");
}

TEST(GelfMessage, ThatDoesNotFitOneDatagramComesInChunks) {
  for (const std::size_t datagram_bytes :
       {std::size_t{512}, std::size_t{1420}, std::size_t{8192}}) {
    const std::string text = noise(40'000);
    const auto datagrams = encode_gelf(
        {.message = text}, {.host = "here", .datagram_bytes = datagram_bytes}, 0x0102030405060708);
    EXPECT_GT(datagrams.size(), 1U);
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
      EXPECT_THAT(datagrams[i], StartsWith("\x1e\x0f\x01\x02\x03\x04\x05\x06\x07\x08"));
      const bool last = i + 1 == datagrams.size();
      EXPECT_LE(datagrams[i].size(), datagram_bytes);
      EXPECT_TRUE(last || datagrams[i].size() == datagram_bytes);
    }
    EXPECT_EQ(decode(datagrams)["short_message"], text);
  }
}

TEST(GelfMessage, OfExactlyOneDatagramIsNotChunked) {
  const GelfFormat format{.host = "here", .compression = Compression::kNone};
  const std::size_t frame = encode_gelf({.message = "x"}, format, 1).front().size() - 1;
  const std::string fits(format.datagram_bytes - frame, 'x');
  EXPECT_EQ(encode_gelf({.message = fits}, format, 1).size(), 1U);
  EXPECT_EQ(encode_gelf({.message = fits + "x"}, format, 1).size(), 2U);
}

TEST(GelfMessage, BeyondAllChunksIsCutWithAMark) {
  const std::string text = noise(1'000'000);
  const Field field("body", text);
  const auto datagrams =
      encode_gelf({.message = "short", .fields = {&field, 1}}, {.host = "here"}, 1);
  EXPECT_LE(datagrams.size(), 128U);
  const nlohmann::json message = decode(datagrams);
  EXPECT_EQ(message["short_message"], "short");
  const auto body = message["_body"].get<std::string>();
  EXPECT_THAT(body, EndsWith("… (truncated)"));
  EXPECT_THAT(text, StartsWith(body.substr(0, body.find("…"))));
  EXPECT_GT(body.size(), 100'000U);
}

TEST(GelfMessage, WhoseFrameAloneIsTooLargeIsGivenUp) {
  EXPECT_TRUE(encode_gelf({.message = "text"}, {.host = noise(1'000'000)}, 1).empty());
}

TEST(GelfMessage, BytesThatAreNoTextDoNotSpoilIt) {
  EXPECT_EQ(decode(encode_gelf({.message = "a\xff"}, {.host = "here"}, 1))["short_message"],
            "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace throttle::telemetry
