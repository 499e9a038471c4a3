// Frames the pieces of an answer. A chunk's size is written with eight digits, in front of bytes
// that are not there yet, and filled in once they are: so a producer appends to the output itself
// and nothing is copied.
#include "libthrottle/http/flow.h"

#include <array>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::http {
namespace {

constexpr std::string_view kUnknownSize = "00000000\r\n";
constexpr std::size_t kDigits = 8;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

void open_chunk(std::string& out) {
  out.append(kUnknownSize);
}

// Fills in the size of the chunk that begins at `start`; an empty one would end the body, and is
// taken back.
void close_chunk(std::string& out, std::size_t start) {
  THROTTLE_CHECK(out.size() >= start + kUnknownSize.size());
  std::size_t size = out.size() - start - kUnknownSize.size();
  if (size == 0) return out.resize(start);
  for (std::size_t i = kDigits; i-- > 0; size /= 16)
    out[start + i] = "0123456789abcdef"[size % 16];
  THROTTLE_CHECK(size == 0);
  out.append("\r\n");
}

}  // namespace

Flow::Flow(std::unique_ptr<Producer> producer, Framing framing, Flows* flows)
    : producer_(std::move(producer)), flows_(flows), framing_(framing) {
  THROTTLE_CHECK(producer_ != nullptr);
  if (flows_ != nullptr) ++flows_->open;
}

Flow::~Flow() {
  if (flows_ == nullptr) return;
  THROTTLE_CHECK(flows_->open > 0);
  --flows_->open;
}

void Flow::begin(std::string& out, std::string_view piece, Producer::Progress progress) {
  THROTTLE_CHECK(progress != Producer::Progress::kEnd);
  last_ = progress;
  const std::size_t start = out.size();
  if (framing_ == Framing::kChunked) open_chunk(out);
  out.append(piece);
  if (framing_ == Framing::kChunked) close_chunk(out, start);
}

Producer::Progress Flow::next(std::string& out, TimePoint now) {
  THROTTLE_CHECK(last_ != Producer::Progress::kEnd);
  const std::size_t start = out.size();
  if (framing_ == Framing::kChunked) open_chunk(out);
  last_ = producer_->produce(out, now);
  if (framing_ == Framing::kChunked) close_chunk(out, start);
  if (last_ == Producer::Progress::kEnd) end(out);
  return last_;
}

// Also after next() has reported the end, which calls it.
void Flow::end(std::string& out) {
  last_ = Producer::Progress::kEnd;
  if (framing_ == Framing::kChunked) out.append(kLastChunk);
}

}  // namespace throttle::http
