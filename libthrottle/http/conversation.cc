// The phases of a conversation, and which function moves it (move_to() checks each step):
//
//   kIdle, kHead, kBody   next(), by what the reader has of a request
//   kAnswer               next(), with a complete request
//   kFlow                 respond(), with a producer that has more than one piece; flow() stays
//   kIdle again           respond() or flow(), with the end of a response
//   kOver                 the same, if the connection is to be closed; time_out(), cut_off(), or a
//                         fault. Nothing leads out of it
//
// The memory of a request is in reader_ until respond() or park(); the producer of a response is in
// flow_ exactly while the phase is kFlow.
#include "libthrottle/http/conversation.h"

#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"

namespace throttle::http {
namespace {

using Phase = Conversation::Phase;

constexpr unsigned bit(Phase phase) {
  return 1U << static_cast<unsigned>(phase);
}
constexpr unsigned kReading = bit(Phase::kIdle) | bit(Phase::kHead) | bit(Phase::kBody);

// From which phases each one may be reached.
constexpr unsigned sources_of(Phase next) {
  switch (next) {
    case Phase::kIdle:
      return bit(Phase::kIdle) | bit(Phase::kAnswer) | bit(Phase::kFlow);
    case Phase::kHead:
      return bit(Phase::kIdle) | bit(Phase::kHead);
    case Phase::kBody:
    case Phase::kAnswer:
      return kReading;
    case Phase::kFlow:
      return bit(Phase::kAnswer);
    case Phase::kOver:
      break;
  }
  return ~0U;
}

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

void Conversation::set_origin(const ProxiedConnection& origin) {
  THROTTLE_CHECK(phase_ == Phase::kIdle && !destination_);
  client_ = origin.source;
  destination_ = origin.destination;
}

void Conversation::move_to(Phase next) {
  THROTTLE_CHECK((sources_of(next) & bit(phase_)) != 0);
  phase_ = next;
}

const Request* Conversation::next(std::string_view& bytes, const Output& output) {
  THROTTLE_CHECK(phase_ != Phase::kAnswer && phase_ != Phase::kFlow);
  if (phase_ == Phase::kOver) {
    bytes = {};
    return nullptr;
  }
  switch (reader_.read(bytes)) {
    case RequestReader::Event::kWantsGoAhead:
      output.bytes.append(kContinue);
      [[fallthrough]];
    case RequestReader::Event::kMore:
      move_to(phase_of(reader_.part()));
      keep_body(output);
      return nullptr;
    case RequestReader::Event::kFault:
      bytes = {};
      reject(reader_.fault(), output);
      return nullptr;
    case RequestReader::Event::kRequest:
      break;
  }
  body_.take(reader_.kept_body_bytes());
  move_to(Phase::kAnswer);
  Request& request = reader_.request();
  request.client = client_;
  request.destination = destination_;
  head_ = request.method == Method::kHead;
  http_1_0_ = reader_.is_http_1_0();
  persistence_ = !reader_.keep_alive() ? Persistence::kClose
                 : http_1_0_           ? Persistence::kKeepAliveSpoken
                                       : Persistence::kKeepAlive;
  return &request;
}

void Conversation::keep_body(const Output& output) {
  if (output.bodies == nullptr) return;
  body_.set_budget(output.bodies);
  body_.take(reader_.kept_body_bytes());
  if (output.bodies->taken <= limits_->all_body_bytes) return;
  ++output.bodies->refused;
  refuse(503,
         "The bodies of all requests together take more than " +
             std::to_string(limits_->all_body_bytes) +
             " bytes (max_all_body_bytes). Try again later.\n",
         output);
}

void Conversation::park() {
  THROTTLE_CHECK(phase_ == Phase::kAnswer);
  reader_.finish();
  body_.take(0);
}

void Conversation::respond(Response&& response, const Output& output) {
  THROTTLE_CHECK(phase_ == Phase::kAnswer);
  if (ending_) persistence_ = Persistence::kClose;
  if (response.producer && begin_flow(response, output)) return;
  append_response(output.bytes, response,
                  {.persistence = persistence_,
                   .head = head_,
                   .date = output.date,
                   .idle_time = limits_->idle_time});
  finish_response();
}

bool Conversation::begin_flow(Response& response, const Output& output) {
  THROTTLE_CHECK(response.body.empty());
  const auto progress = response.producer->produce(response.body, output.now);
  if (progress == Producer::Progress::kEnd) return false;
  const bool bounded = response.flow_bound != FlowBound::kOwn;
  Flows* const flows = bounded ? output.flows : nullptr;
  const bool monitoring = response.flow_bound == FlowBound::kMonitoring;
  const std::size_t most = limits_->flows + (monitoring ? limits_->monitoring_flows : 0);
  if (!head_ && flows != nullptr && flows->open >= most) {
    ++flows->refused;
    response = Response{.status = 503,
                        .body = "The server is sending " + std::to_string(limits_->flows) +
                                " long answers already (max_streamed_answers = " +
                                std::to_string(limits_->flows) + "). Try again in a second.\n"};
    response.headers.emplace_back("Retry-After", "1");
    return false;
  }
  if (http_1_0_) persistence_ = Persistence::kClose;
  const auto framing = http_1_0_ ? Flow::Framing::kUntilClose : Flow::Framing::kChunked;
  append_flow_head(
      output.bytes, response,
      {.persistence = persistence_, .date = output.date, .idle_time = limits_->idle_time}, framing);
  reader_.finish();
  body_.take(0);
  if (head_) {
    finish_response();
    return true;
  }
  flow_ = std::make_unique<Flow>(std::move(response.producer), framing, flows);
  flow_->begin(output.bytes, response.body, progress);
  move_to(Phase::kFlow);
  flow_time_ = bounded ? limits_->flow_time : kForever;
  flow_deadline_ = saturating_add(output.now, flow_time_);
  return true;
}

void Conversation::flow(const Output& output) {
  THROTTLE_CHECK(phase_ == Phase::kFlow);
  // All there was has been sent: the time begins again with what comes next.
  if (flow_->waits()) flow_deadline_ = saturating_add(output.now, flow_time_);
  if (flow_->next(output.bytes, output.now) == Producer::Progress::kEnd) finish_response();
}

TimePoint Conversation::flow_deadline() const {
  return flow_waits() ? kNever : flow_deadline_;
}

bool Conversation::flow_waits() const {
  THROTTLE_CHECK(phase_ == Phase::kFlow);
  return flow_->waits();
}

void Conversation::end_flow(const Output& output) {
  THROTTLE_CHECK(phase_ == Phase::kFlow);
  flow_->end(output.bytes);
  finish_response();
}

void Conversation::cut_off() {
  flow_.reset();
  body_.take(0);
  move_to(Phase::kOver);
}

void Conversation::finish_response() {
  THROTTLE_CHECK(phase_ == Phase::kAnswer || phase_ == Phase::kFlow);
  reader_.finish();
  body_.take(0);
  flow_.reset();
  const bool last = ending_ || persistence_ == Persistence::kClose;
  move_to(last ? Phase::kOver : Phase::kIdle);
}

void Conversation::time_out(const Output& output) {
  THROTTLE_CHECK(phase_ != Phase::kAnswer && phase_ != Phase::kFlow);
  refuse(408,
         "The request did not arrive in time. Send its head within " +
             format_duration(limits_->head_time) + " (header_timeout) and its body within " +
             format_duration(limits_->body_time) + " (body_timeout).\n",
         output);
}

std::optional<unsigned> Conversation::fault_status() const {
  return fault_status_ == 0 ? std::nullopt : std::optional<unsigned>(fault_status_);
}

void Conversation::reject(Fault fault, const Output& output) {
  switch (fault) {
    case Fault::kMalformed:
      return refuse(400, "The request cannot be understood: " + reader_.fault_text() + ".\n",
                    output);
    case Fault::kBodyTooLarge:
      return refuse(413,
                    "The body is longer than " + std::to_string(limits_->body_bytes) +
                        " bytes (max_body_bytes). Send less.\n",
                    output);
    case Fault::kTargetTooLong:
      return refuse(414,
                    "The URI is longer than " + std::to_string(limits_->target_bytes) +
                        " bytes. Shorten it.\n",
                    output);
    case Fault::kHeadTooLarge:
      return refuse(431,
                    "The head has more than " + std::to_string(limits_->header_count) +
                        " headers or " + std::to_string(limits_->head_bytes) +
                        " bytes (max_header_bytes). Send fewer or shorter ones.\n",
                    output);
  }
}

void Conversation::refuse(unsigned status, std::string text, const Output& output) {
  THROTTLE_CHECK(fault_status_ == 0 && flow_ == nullptr);
  Response response{.status = status, .body = std::move(text)};
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  append_response(output.bytes, response,
                  {.persistence = Persistence::kClose, .date = output.date});
  fault_status_ = static_cast<std::uint16_t>(status);
  reader_.finish();
  body_.take(0);
  move_to(Phase::kOver);
}

}  // namespace throttle::http
