// What a GELF server does with datagrams, written from the specification and not from our encoder:
// recognises chunks and compressions by their magic bytes, and puts messages together.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace throttle::telemetry {

class GelfDecoder {
 public:
  // The JSON text of the message that this datagram completes, if it does. A datagram or message
  // that breaks the specification fails the test.
  std::optional<std::string> accept(std::string_view datagram);

 private:
  struct Parts {
    std::size_t count = 0;
    std::map<std::size_t, std::string> by_number;
  };
  std::optional<std::string> reassemble(std::string_view chunk);

  std::map<std::string, Parts> incomplete_;  // by message id
};

}  // namespace throttle::telemetry
