// Decompresses and reassembles datagrams as the GELF specification says.
#include "tests/telemetry/gelf_decoder.h"

#include <array>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

namespace throttle::telemetry {
namespace {

// The text behind zlib's or gzip's compression; uncompressed text passes.
std::string decompress(std::string_view payload) {
  const bool gzip = payload.starts_with("\x1f\x8b");
  const bool zlib = payload.starts_with("\x78");
  if (!gzip && !zlib) return std::string(payload);

  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, gzip ? 15 + 16 : 15), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
  stream.avail_in = static_cast<uInt>(payload.size());
  std::string text;
  int status = Z_OK;
  while (status == Z_OK) {
    std::array<char, 4096> part{};
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(part.data(), part.size() - stream.avail_out);
  }
  EXPECT_EQ(status, Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U) << "bytes behind the end of the compressed message";
  inflateEnd(&stream);
  return text;
}

void check_message(const std::string& text) {
  const nlohmann::json message = nlohmann::json::parse(text);
  EXPECT_EQ(message["version"], "1.1");
  for (const char* mandatory : {"host", "short_message"})
    EXPECT_TRUE(message[mandatory].is_string()) << mandatory;
  for (const auto& [key, value] : message.items()) {
    EXPECT_TRUE(value.is_string() || value.is_number()) << key;
    EXPECT_NE(key, "_id");
  }
}

}  // namespace

std::optional<std::string> GelfDecoder::reassemble(std::string_view chunk) {
  EXPECT_GT(chunk.size(), 12U);
  const std::string id(chunk.substr(2, 8));
  const std::size_t number = static_cast<unsigned char>(chunk[10]);
  const std::size_t count = static_cast<unsigned char>(chunk[11]);
  EXPECT_LT(number, count);
  EXPECT_LE(count, 128U);
  Parts& parts = incomplete_[id];
  if (parts.count == 0) parts.count = count;
  EXPECT_EQ(parts.count, count);
  EXPECT_TRUE(parts.by_number.emplace(number, chunk.substr(12)).second) << "the same chunk twice";
  if (parts.by_number.size() < count) return std::nullopt;
  std::string whole;
  for (const auto& [_, part] : parts.by_number)
    whole += part;
  incomplete_.erase(id);
  return whole;
}

std::optional<std::string> GelfDecoder::accept(std::string_view datagram) {
  std::optional<std::string> payload(datagram);
  if (datagram.starts_with("\x1e\x0f")) payload = reassemble(datagram);
  if (!payload) return std::nullopt;
  std::string text = decompress(*payload);
  check_message(text);
  return text;
}

}  // namespace throttle::telemetry
