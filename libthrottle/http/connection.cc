#include "libthrottle/http/connection.h"

#include <chrono>
#include <utility>

#include "libthrottle/uv/clock.h"

namespace throttle::http {

Connection::Connection(Shared& shared, Slot slot, Accepted accepted)
    : shared_(shared),
      permit_(std::move(accepted.permit)),
      stream_(std::move(accepted.stream)),
      conversation_(shared.limits, accepted.client),
      slot_(slot) {
  shared_.deadlines.insert(slot_, kNever);
  ++shared_.counters.open_connections;
  ++shared_.counters.accepted_connections;
  stream_.set_receiver(*this);
  stream_.set_nodelay();
  stream_.set_keepalive(shared_.limits.idle_time / 2);  // for parked exchanges of lost machines
  stream_.start_reading();
  wait_for(Wait::kRequest, saturating_add(uv::now(), shared_.limits.idle_time));
}

void Connection::on_bytes(std::string_view bytes) noexcept {
  shared_.counters.received_bytes += bytes.size();
  switch (wait_) {
    case Wait::kAnswer:
    case Wait::kWrite:
    case Wait::kTurn:
      return hold(bytes);
    case Wait::kRequest:
    case Wait::kHead:
    case Wait::kBody:
      return serve(bytes, uv::now());
    case Wait::kLinger:
    case Wait::kGone:
      break;
  }
}

void Connection::on_eof() noexcept {
  at_eof_ = true;
  if (exchange_ != 0) return abandon();
  if (stream_.queued_bytes() == 0) close();
}

void Connection::on_drained() noexcept {
  if (at_eof_) return close();
  serve_held(uv::now());
}

void Connection::on_reset() noexcept {
  exchange_ != 0 ? abandon() : close();
}

void Connection::on_failed(const Error&) noexcept {
  on_reset();
}

bool Connection::is_busy() const {
  return exchange_ != 0 || stream_.queued_bytes() > 0;
}

void Connection::hold(std::string_view bytes) {
  if (conversation_.phase() == Conversation::Phase::kOver) return;
  held_.append(bytes);
  if (held_.size() < shared_.limits.pipelined_bytes) return;
  stream_.stop_reading();
  reading_ = false;
  if (wait_ == Wait::kAnswer) wait_for_answer(uv::now());
}

void Connection::serve_held(TimePoint now) {
  const std::string bytes = std::exchange(held_, {});
  serve(bytes, now);
}

// Serves request after request until the bytes are used up, or an answer is to be waited for; the
// responses leave together.
void Connection::serve(std::string_view bytes, TimePoint now) {
  const Conversation::Output output = output_to(shared_.output);
  bool progress = false;
  while (!is_gone() && !is_busy()) {
    const Request* request = conversation_.next(bytes, output);
    if (request == nullptr) break;
    progress = true;
    handle(*request, output, now);
    if (output.bytes.size() >= shared_.limits.output_bytes) flush(output.bytes);
  }
  if (is_gone()) return output.bytes.clear();
  flush(output.bytes);
  held_ = bytes;
  settle(now, progress);
}

void Connection::handle(const Request& request, const Conversation::Output& output, TimePoint now) {
  ++shared_.counters.requests;
  exchange_ = ++shared_.exchanges * kSlots + slot_;
  handling_ = true;
  auto response = shared_.receiver.on_request(request, exchange_, now);
  handling_ = false;
  auto early_response = std::exchange(shared_.early_response, {});
  if (is_gone()) return;
  if (!response) response = std::move(early_response);
  if (!response) return conversation_.park();
  exchange_ = 0;
  conversation_.respond(*response, output);
}

void Connection::respond(ExchangeId exchange, Response response) {
  if (exchange_ == 0 || exchange != exchange_) return;
  if (handling_) {
    shared_.early_response = std::move(response);
    return;
  }
  exchange_ = 0;
  const TimePoint now = uv::now();
  conversation_.respond(response, output_to(shared_.late_output));
  flush(shared_.late_output);
  if (held_.empty() || conversation_.phase() == Conversation::Phase::kOver || is_busy())
    settle(now, true);
  else
    wait_for(Wait::kTurn, now);
}

// Decides what to wait for, once all is done that can be done now. `progress`: a request was
// served since it was last decided, so the time of the next one begins anew.
void Connection::settle(TimePoint now, bool progress) {
  const Limits& limits = shared_.limits;
  const auto begin = [&](Wait wait, Duration length) {
    if (progress || wait_ != wait) wait_for(wait, saturating_add(now, length));
  };
  if (!reading_ && held_.size() < limits.pipelined_bytes) {
    reading_ = true;
    stream_.start_reading();
  }
  if (conversation_.phase() == Conversation::Phase::kOver) return settle_over(now);
  if (stream_.queued_bytes() > 0)
    return wait_for(Wait::kWrite, saturating_add(now, limits.write_time));
  switch (conversation_.phase()) {
    case Conversation::Phase::kIdle:
      return closing_soon_ ? close() : begin(Wait::kRequest, limits.idle_time);
    case Conversation::Phase::kHead:
      return begin(Wait::kHead, limits.head_time);
    case Conversation::Phase::kBody:
      return begin(Wait::kBody, limits.body_time);
    case Conversation::Phase::kAnswer:
      return wait_for_answer(now);
    case Conversation::Phase::kOver:
      break;
  }
}

// While it is not read, a client that leaves is not heard; so it has not for ever.
void Connection::wait_for_answer(TimePoint now) {
  wait_for(Wait::kAnswer, reading_ ? kNever : saturating_add(now, shared_.limits.idle_time));
}

void Connection::settle_over(TimePoint now) {
  const Limits& limits = shared_.limits;
  const bool queued = stream_.queued_bytes() > 0;
  if (!conversation_.fault_status())
    return queued ? wait_for(Wait::kWrite, saturating_add(now, limits.write_time)) : close();
  // Closing now could reset the connection under the answer, for the client may still be sending.
  if (wait_ != Wait::kLinger) {
    count_rejection();
    stream_.shutdown();
  }
  wait_for(Wait::kLinger, saturating_add(now, queued ? limits.write_time : limits.linger_time));
}

void Connection::on_deadline(TimePoint now) {
  shared_.deadlines.insert(slot_, kNever);
  deadline_ = kNever;
  Counters::TimeOuts& counters = shared_.counters.timed_out;
  switch (wait_) {
    case Wait::kTurn:
      return serve_held(now);
    case Wait::kHead:
      return time_out(counters.head, now);
    case Wait::kBody:
      return time_out(counters.body, now);
    case Wait::kRequest:
      ++counters.idle;
      return close();
    case Wait::kWrite:
      ++counters.write;
      stream_.close_with_reset();
      return exchange_ != 0 ? abandon() : close();
    case Wait::kAnswer:
      ++counters.idle;
      return abandon();
    case Wait::kLinger:
      return close();
    case Wait::kGone:
      break;
  }
}

void Connection::time_out(std::uint64_t& counter, TimePoint now) {
  ++counter;
  conversation_.time_out(output_to(shared_.late_output));
  flush(shared_.late_output);
  settle(now, true);
}

void Connection::close_soon() {
  closing_soon_ = true;
  conversation_.end_soon();
  const bool idle = conversation_.phase() == Conversation::Phase::kIdle && held_.empty();
  if (!is_gone() && idle && !is_busy()) close();
}

void Connection::close() {
  if (is_gone()) return;
  stream_.close();
  exchange_ = 0;
  --shared_.counters.open_connections;
  wait_for(Wait::kGone, TimePoint{});
}

void Connection::abandon() {
  const ExchangeId exchange = exchange_;
  ++shared_.counters.abandoned;
  close();
  shared_.receiver.on_abandoned(exchange);
}

void Connection::flush(std::string& output) {
  if (output.empty()) return;
  shared_.counters.sent_bytes += output.size();
  stream_.write(output);
  output.clear();
  if (output.capacity() > 4 * shared_.limits.output_bytes) output.shrink_to_fit();
}

void Connection::count_rejection() {
  Counters::Rejections& rejected = shared_.counters.rejected;
  switch (conversation_.fault_status().value_or(0)) {
    case 400:
      ++rejected.malformed_400;
      break;
    case 408:
      ++rejected.late_408;
      break;
    case 413:
      ++rejected.long_body_413;
      break;
    case 414:
      ++rejected.long_target_414;
      break;
    case 431:
      ++rejected.long_head_431;
      break;
    default:
      break;
  }
}

Conversation::Output Connection::output_to(std::string& bytes) {
  return {bytes, shared_.date.at(std::chrono::system_clock::now())};
}

void Connection::wait_for(Wait wait, TimePoint deadline) {
  wait_ = wait;
  if (deadline < deadline_) {
    shared_.deadlines.hasten(slot_, deadline);
    shared_.timer.arm(shared_.deadlines.next());
  }
  deadline_ = deadline;
}

}  // namespace throttle::http
