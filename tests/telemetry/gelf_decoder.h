// What a GELF server does with datagrams, written from the specification and not from our encoder:
// recognises chunks and compressions by their magic bytes, and puts messages together.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace throttle::telemetry {

class GelfDecoder {
 public:
  // The message that this datagram completes, if it does. A datagram or message that breaks the
  // specification fails the test.
  std::optional<nlohmann::json> accept(std::string_view datagram);

 private:
  struct Parts {
    std::size_t count = 0;
    std::map<std::size_t, std::string> by_number;
  };
  std::optional<std::string> reassemble(std::string_view chunk);

  std::map<std::string, Parts> incomplete_;  // by message id
};

// The text behind zlib's or gzip's compression; uncompressed text passes.
std::string decompress(std::string_view payload);

}  // namespace throttle::telemetry
