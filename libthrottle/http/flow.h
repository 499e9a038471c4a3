// A flow is an answer in pieces on its way out: its producer, the framing of its pieces, and its
// share of the bound on such answers. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "libthrottle/core/time.h"
#include "libthrottle/http/producer.h"

namespace throttle::http {

// The flows of all connections of a server.
struct Flows {
  std::size_t open = 0;       // at this moment
  std::uint64_t refused = 0;  // answered 503 because Limits::flows were open
};

class Flow {
 public:
  enum class Framing : std::uint8_t {
    kChunked,     // HTTP/1.1
    kUntilClose,  // HTTP/1.0 knows no chunks: the end of the connection ends the body
  };
  // `flows` outlives the flow, if there is one.
  Flow(std::unique_ptr<Producer> producer, Framing framing, Flows* flows);
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  // Appends the first piece, which its producer has made already, with `progress`; not kEnd.
  void begin(std::string& out, std::string_view piece, Producer::Progress progress);
  // Appends the next piece, and after the last one what ends the body. Not after kEnd.
  Producer::Progress next(std::string& out, TimePoint now);
  // Ends the body here, though its producer has not.
  void end(std::string& out);

  // Whether the producer waits to be resumed.
  bool waits() const { return last_ == Producer::Progress::kWait; }

 private:
  std::unique_ptr<Producer> producer_;
  Flows* flows_;
  Framing framing_;
  Producer::Progress last_ = Producer::Progress::kMore;
};

}  // namespace throttle::http
