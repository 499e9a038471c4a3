// What a reader of responses made of some bytes, as text. For tests and the fuzzer.
//
//   200 Content-Type=text/plain     the head of a response, with its headers
//   body hello                      all of its body
//   end keep-alive | end close      it is complete
//   fault: bad version              it is none
//   more                            it is not complete
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libthrottle/http/response_reader.h"

namespace throttle::http::testing {

struct ResponseBytes {
  std::span<const std::string_view> pieces;
  bool ended = false;  // the server closed behind them
};

class ResponseTranscript {
 public:
  using Event = ResponseReader::Event;

  ResponseTranscript(const ResponseLimits& limits, Method method)
      : limits_(limits), reader_(limits_, method) {}
  ResponseTranscript(const ResponseTranscript&) = delete;
  ResponseTranscript& operator=(const ResponseTranscript&) = delete;

  // Whether the reader wants more.
  bool feed(std::string_view bytes) {
    for (;;) {
      const Event event = reader_.read(bytes);
      if (event == Event::kMore) return true;
      if (!note(event)) return false;
    }
  }
  void end() { note(reader_.end()); }

  std::string text() const {
    std::string text = head_;
    if (!body_.empty()) text.append("body ").append(body_).append("\n");
    return text + (outcome_.empty() ? "more" : outcome_);
  }
  const std::string& body() const { return body_; }

 private:
  bool note(Event event) {
    switch (event) {
      case Event::kHead:
        head_ = std::to_string(reader_.head().status);
        for (const Header& header : reader_.head().headers)
          head_.append(" ").append(header.name).append("=").append(header.value);
        head_.append("\n");
        return true;
      case Event::kBody:
        body_.append(reader_.body_piece());
        return true;
      case Event::kEnd:
        outcome_ = reader_.keep_alive() ? "end keep-alive" : "end close";
        return false;
      case Event::kFault:
        outcome_ = "fault: " + reader_.fault_text();
        return false;
      case Event::kMore:
        break;
    }
    return true;
  }

  const ResponseLimits limits_;
  ResponseReader reader_;
  std::string head_;
  std::string body_;
  std::string outcome_;
};

// Each piece is in memory of its own, which is gone once it has been fed.
inline std::string response_transcript_of(const ResponseBytes& bytes, const ResponseLimits& limits,
                                          Method method) {
  ResponseTranscript transcript(limits, method);
  for (const std::string_view piece : bytes.pieces) {
    const std::string own(piece);
    if (!transcript.feed(own)) return transcript.text();
  }
  if (bytes.ended) transcript.end();
  return transcript.text();
}

}  // namespace throttle::http::testing
