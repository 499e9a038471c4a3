#include "libthrottle/http/conversation.h"

#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::http {
namespace {

Conversation::Phase phase_of(RequestReader::Part part) {
  switch (part) {
    case RequestReader::Part::kNothing:
      return Conversation::Phase::kIdle;
    case RequestReader::Part::kHead:
      return Conversation::Phase::kHead;
    case RequestReader::Part::kBody:
      break;
  }
  return Conversation::Phase::kBody;
}

}  // namespace

Conversation::Conversation(const Limits& limits, const SocketAddress& client)
    : limits_(&limits), reader_(limits), client_(client) {}

const Request* Conversation::next(std::string_view& bytes, const Output& output) {
  THROTTLE_CHECK(phase_ != Phase::kAnswer);
  if (phase_ == Phase::kOver) {
    bytes = {};
    return nullptr;
  }
  switch (reader_.read(bytes)) {
    case RequestReader::Event::kWantsGoAhead:
      output.bytes.append(kContinue);
      [[fallthrough]];
    case RequestReader::Event::kMore:
      phase_ = phase_of(reader_.part());
      return nullptr;
    case RequestReader::Event::kFault:
      bytes = {};
      reject(reader_.fault(), output);
      return nullptr;
    case RequestReader::Event::kRequest:
      break;
  }
  phase_ = Phase::kAnswer;
  Request& request = reader_.request();
  request.client = client_;
  head_ = request.method == Method::kHead;
  persistence_ = !reader_.keep_alive()   ? Persistence::kClose
                 : reader_.is_http_1_0() ? Persistence::kKeepAliveSpoken
                                         : Persistence::kKeepAlive;
  return &request;
}

void Conversation::park() {
  reader_.finish();
}

void Conversation::respond(const Response& response, const Output& output) {
  THROTTLE_CHECK(phase_ == Phase::kAnswer);
  if (ending_) persistence_ = Persistence::kClose;
  append_response(output.bytes, response,
                  {.persistence = persistence_, .head = head_, .date = output.date});
  reader_.finish();
  phase_ = persistence_ == Persistence::kClose ? Phase::kOver : Phase::kIdle;
}

void Conversation::time_out(const Output& output) {
  refuse(408, "The request did not arrive in time.", output);
}

std::optional<unsigned> Conversation::fault_status() const {
  return fault_status_ == 0 ? std::nullopt : std::optional<unsigned>(fault_status_);
}

void Conversation::reject(Fault fault, const Output& output) {
  switch (fault) {
    case Fault::kMalformed:
      return refuse(400, "The request cannot be understood: " + reader_.fault_text() + ".", output);
    case Fault::kBodyTooLarge:
      return refuse(413,
                    "The body is longer than " + std::to_string(limits_->body_bytes) + " bytes.",
                    output);
    case Fault::kTargetTooLong:
      return refuse(414,
                    "The URI is longer than " + std::to_string(limits_->target_bytes) + " bytes.",
                    output);
    case Fault::kHeadTooLarge:
      return refuse(431,
                    "The head has more than " + std::to_string(limits_->header_count) +
                        " headers or " + std::to_string(limits_->head_bytes) + " bytes.",
                    output);
  }
}

void Conversation::refuse(unsigned status, std::string text, const Output& output) {
  append_response(output.bytes, Response{.status = status, .body = std::move(text)},
                  {.persistence = Persistence::kClose, .date = output.date});
  fault_status_ = static_cast<std::uint16_t>(status);
  reader_.finish();
  phase_ = Phase::kOver;
}

}  // namespace throttle::http
