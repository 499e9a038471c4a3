// Records as GELF 1.1 datagrams (Graylog Extended Log Format): JSON, compressed, in chunks where it
// does not fit one datagram.
//
//   {"version":"1.1","host":"throttle","short_message":"unknown semaphore requested",
//    "timestamp":1751797830.123,"level":4,"_target":"ledger","_semaphore":"A"}
//
// A chunk is 0x1e 0x0f, the 8 bytes of the message's id, its number and how many there are (at most
// 128), then its part of the message.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libthrottle/telemetry/compression.h"
#include "libthrottle/telemetry/sink.h"

namespace throttle::telemetry {

struct GelfFormat {
  std::string host;  // the source that the log server shows
  Compression compression = Compression::kGzip;
  // The longest datagram, not below 512. The default fits the packets of any network; within one's
  // own, 8192 is usual.
  std::size_t datagram_bytes = 1420;
};

// The record's JSON; its texts shortened to `limit_bytes`.
std::string to_gelf(const Record& record, std::string_view host, std::size_t limit_bytes);

// The datagrams of one record. `message_id` distinguishes its chunks from those of every other
// message that the log server receives meanwhile. A message of more than 128 chunks is shortened,
// with a mark in the text.
std::vector<std::string> encode_gelf(const Record& record, const GelfFormat& format,
                                     std::uint64_t message_id);

}  // namespace throttle::telemetry
