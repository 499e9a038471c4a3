// Builds the JSON of a record and cuts it into chunks.
#include "libthrottle/telemetry/gelf_message.h"

#include <algorithm>
#include <array>

#include "libthrottle/telemetry/log_text.h"

namespace throttle::telemetry {
namespace {

constexpr std::size_t kMostChunks = 128;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kLeastDatagramBytes = 512;

// By Level: error, warning, informational, debug.
constexpr std::array<std::string_view, 6> kSeverities = {"3", "3", "4", "6", "7", "7"};

// Seconds since 1970 with three decimals, which no rounding of a double disturbs.
std::string timestamp(WallTime time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  const std::string decimals = std::to_string(1000 + ms % 1000);
  return std::to_string(ms / 1000).append(".").append(decimals, 1);
}

std::string header_of(std::uint64_t message_id, std::size_t number, std::size_t count) {
  std::string header = "\x1e\x0f";
  for (int shift = 56; shift >= 0; shift -= 8)
    header += static_cast<char>(message_id >> shift & 0xffU);
  header += static_cast<char>(number);
  header += static_cast<char>(count);
  return header;
}

std::vector<std::string> split(std::string payload, std::size_t datagram_bytes,
                               std::uint64_t message_id) {
  if (payload.size() <= datagram_bytes) return {std::move(payload)};
  const std::size_t part_bytes = datagram_bytes - kHeaderBytes;
  const std::size_t count = (payload.size() + part_bytes - 1) / part_bytes;
  std::vector<std::string> chunks;
  for (std::size_t i = 0; i < count; ++i) {
    chunks.push_back(header_of(message_id, i, count));
    chunks.back().append(payload, i * part_bytes, part_bytes);
  }
  return chunks;
}

std::size_t longest_text(const Record& record) {
  std::size_t longest = record.message.size();
  for (const Field& field : record.fields) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      longest = std::max(longest, text->size());
    }
  }
  return longest;
}

}  // namespace

std::string to_gelf(const Record& record, std::string_view host, std::size_t limit_bytes) {
  // Log servers refuse an empty message.
  const std::string message = record.message.empty() ? "-" : shorten(record.message, limit_bytes);
  std::string out = R"({"version":"1.1","host":)" + to_json(host);
  out.append(R"(,"short_message":)").append(to_json(message));
  out.append(R"(,"timestamp":)").append(timestamp(record.time));
  out.append(R"(,"level":)").append(kSeverities[static_cast<std::size_t>(record.level)]);
  out.append(R"(,"_target":)").append(to_json(record.target));
  out.append(to_json_members(record.fields, "_", limit_bytes)).append("}");
  return out;
}

std::vector<std::string> encode_gelf(const Record& record, const GelfFormat& format,
                                     std::uint64_t message_id) {
  const std::size_t datagram_bytes = std::max(format.datagram_bytes, kLeastDatagramBytes);
  const std::size_t most_bytes = kMostChunks * (datagram_bytes - kHeaderBytes);
  std::size_t limit_bytes = longest_text(record);
  std::string payload = compress(to_gelf(record, format.host, limit_bytes), format.compression);
  while (payload.size() > most_bytes && limit_bytes > 0) {
    limit_bytes /= 2;
    payload = compress(to_gelf(record, format.host, limit_bytes), format.compression);
  }
  if (payload.size() > most_bytes) return {};
  return split(std::move(payload), datagram_bytes, message_id);
}

}  // namespace throttle::telemetry
