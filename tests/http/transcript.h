// What a conversation did with some bytes, as text: one line an event. For tests and the fuzzer.
//
//   GET /a?b=c type=application/json accept=*/* body=hello     a request, with what it has of these
//   400 The request cannot be understood: bad method.    a fault and its answer
//   idle | in head | in body | over                            what it waits for in the end
//
// Every request is answered at once with an empty 200.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libthrottle/http/conversation.h"

namespace throttle::http::testing {

inline std::string describe(const Request& request) {
  std::string line(to_string(request.method));
  line.append(" ").append(request.path);
  if (!request.query.empty()) line.append("?").append(request.query);
  if (!request.content_type.empty()) line.append(" type=").append(request.content_type);
  if (!request.accept.empty()) line.append(" accept=").append(request.accept);
  if (!request.body.empty()) line.append(" body=").append(request.body);
  return line + "\n";
}

inline std::string_view describe(Conversation::Phase phase) {
  switch (phase) {
    case Conversation::Phase::kIdle:
      return "idle";
    case Conversation::Phase::kHead:
      return "in head";
    case Conversation::Phase::kBody:
      return "in body";
    case Conversation::Phase::kAnswer:
      return "waiting for an answer";
    case Conversation::Phase::kFlow:
      return "answering in pieces";
    case Conversation::Phase::kOver:
      break;
  }
  return "over";
}

// The text behind the head of a response.
inline std::string_view body_of(std::string_view response) {
  const auto end = response.find("\r\n\r\n");
  return end == std::string_view::npos ? "" : response.substr(end + 4);
}

class Transcript {
 public:
  explicit Transcript(const Limits& limits) : conversation_(limits, SocketAddress{}) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      std::string output;
      const Conversation::Output to{output, "now"};
      if (const Request* request = conversation_.next(bytes, to)) {
        requests_ += describe(*request);
        conversation_.respond(Response{}, to);
      } else if (const auto status = conversation_.fault_status(); status && !output.empty()) {
        fault_ = std::to_string(*status).append(" ").append(body_of(output));
      }
    }
  }

  const std::string& requests() const { return requests_; }
  Conversation::Phase phase() const { return conversation_.phase(); }
  // All of it.
  std::string text() const { return requests_ + fault_ + std::string(describe(phase())); }

 private:
  Conversation conversation_;
  std::string requests_;
  std::string fault_;
};

// Each piece lies in memory of its own, which is gone once it has been fed.
inline Transcript transcript_of(std::span<const std::string_view> pieces, const Limits& limits) {
  Transcript transcript(limits);
  for (const std::string_view piece : pieces) {
    const std::string own(piece);
    transcript.feed(own);
  }
  return transcript;
}

}  // namespace throttle::http::testing
