// The life of a connection, as a table of what it waits for. wait_for() is the only one that moves
// it, and checks each step against may_follow().
//
//   kOrigin ──header──► kRequest, or at once:
//   kRequest ──bytes──► kHead ──► kBody ──► (request) ──► kAnswer ──respond()──► kRequest
//
//   state      leaves by                          its deadline            and then
//   kOrigin    the end of the PROXY header        head_time               closed
//   kRequest   a first byte                       idle_time, see below    closed
//   kHead      the end of the head                head_time               408, kLinger
//   kBody      the end of the body                body_time               408, kLinger
//   kAnswer    respond()                          none (see below)        abandoned
//   kWrite     on_drained()                       write_time              reset
//   kTurn      the server's timer                 now, or a millisecond   goes on
//   kNews      resume()                           none (see below)        closed
//   kLinger    the end of the client's sending    linger_time             closed
//   kGone      the server's timer destroys it
//
// - Whenever something is queued in the wire, it waits in kWrite, whatever else it has in hand: a
//   parked exchange, an answer in pieces, requests that were read already. on_drained() goes on.
// - kTurn gives other connections their turn: respond() may be called from anywhere, so further
//   requests that were read already are served from the timer, and each piece of an answer gets a
//   turn of the loop.
// - In kAnswer, kWrite, kTurn and kNews further bytes are kept in held_, up to pipelined_bytes.
//   Beyond, they stay in the client's socket, and reading_ is false. While nothing is read, the
//   leaving of a client is not noticed, so kAnswer and kNews have a deadline then: idle_time.
// - In kOrigin and kRequest, and only there, it is in the list of idle connections. Before its
//   first request it has head_time, for the PROXY header and the first byte together. While a
//   client waits for room, a connection that becomes idle has no time: it is closed in the next
//   turn of the timer if the client still waits.
// - exchange_ is not 0 exactly while the receiver owes a response; flow_ exactly while a producer
//   writes one. Both are 0 in kLinger and kGone. The producer itself is in the conversation.
// - at_eof_: the client sends nothing more. It has left if a response is owed to it; it still gets
//   what is being written, and then the connection is closed.
// - From every state a reset, a failure or close() leads to kGone, where nothing is called any
//   more.
#include "libthrottle/httpd/connection.h"

#include <chrono>
#include <new>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/proxy_header.h"
#include "libthrottle/uv/clock.h"

namespace throttle::httpd {

namespace {

// A producer that is asked again at once would keep the loop from everything else.
constexpr Duration kBetweenPieces = std::chrono::milliseconds(1);

}  // namespace

// A connection that owes a response, or whose producer has no news, gets to the next request only
// by a turn of its own, or when the client has taken what is written. Nothing leads out of kGone.
bool Connection::may_follow(Wait wait, Wait next) {
  if (next == Wait::kOrigin) return wait == Wait::kOrigin;
  switch (wait) {
    case Wait::kOrigin:
      return next == Wait::kRequest || next == Wait::kGone;
    case Wait::kRequest:
    case Wait::kHead:
    case Wait::kBody:
    case Wait::kWrite:
    case Wait::kTurn:
      return true;
    case Wait::kAnswer:
      return next != Wait::kHead && next != Wait::kBody && next != Wait::kLinger;
    case Wait::kNews:
      return next == Wait::kNews || next == Wait::kTurn || next == Wait::kWrite ||
             next == Wait::kGone;
    case Wait::kLinger:
      return next == Wait::kLinger || next == Wait::kGone;
    case Wait::kGone:
      break;
  }
  return false;
}

Connection::Connection(Shared& shared, Slot slot, Accepted accepted)
    : shared_(shared),
      permit_(std::move(accepted.permit)),
      peer_(accepted.client),
      wire_(std::move(accepted.wire)),
      conversation_(shared.limits, accepted.client),
      slot_(slot),
      wait_(permit_ ? Wait::kRequest : Wait::kOrigin) {
  shared_.deadlines.insert(slot_, kNever);
  ++shared_.counters.open_connections;
  ++shared_.counters.accepted_connections;
  wire_->set_receiver(*this);
  wire_->start_reading();
  wait_for(wait_, saturating_add(uv::now(), shared_.limits.head_time));
}

template <typename Step>
void Connection::attempt(Step step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    end_for_want_of_memory();
  }
}

// What was being written is not whole, so the client must not take it for an answer.
void Connection::end_for_want_of_memory() {
  ++shared_.counters.out_of_memory;
  handling_ = false;
  shared_.early_response.reset();
  shared_.output.clear();
  if (is_gone()) return;
  wire_->close_with_reset();
  exchange_ != 0 ? abandon() : close();
}

void Connection::on_bytes(std::string_view bytes) noexcept {
  shared_.counters.received_bytes += bytes.size();
  attempt([&] { hear(bytes); });
}

void Connection::hear(std::string_view bytes) {
  switch (wait_) {
    case Wait::kAnswer:
    case Wait::kWrite:
    case Wait::kTurn:
    case Wait::kNews:
      return hold(bytes);
    case Wait::kOrigin:
      return read_origin(bytes, uv::now());
    case Wait::kRequest:
    case Wait::kHead:
    case Wait::kBody:
      return serve(bytes, uv::now());
    case Wait::kLinger:
    case Wait::kGone:
      break;
  }
}

// The header is at most kProxyHeaderMaxBytes long, so held_ is bounded by that and one read.
void Connection::read_origin(std::string_view bytes, TimePoint now) {
  THROTTLE_CHECK(wait_ == Wait::kOrigin && !permit_);
  held_ += bytes;
  const auto header = parse_proxy_header(held_);
  if (!header) return end_without_origin(header.error().message);
  if (!*header) return;
  const std::string with_header = std::exchange(held_, {});
  const auto& origin = (*header)->connection;
  permit_ = shared_.limiter.accept(origin ? origin->source.ip : peer_.ip);
  if (!permit_) {
    ++shared_.counters.refused_clients;
    return close();
  }
  if (origin) conversation_.set_origin(*origin);
  wait_for(Wait::kRequest, deadline_);
  const std::string_view rest = std::string_view(with_header).substr((*header)->bytes);
  if (!rest.empty()) serve(rest, now);
}

void Connection::end_without_origin(std::string_view reason) {
  THROTTLE_CHECK(wait_ == Wait::kOrigin);
  ++shared_.counters.bad_proxy_headers;
  close();
  shared_.receiver.on_bad_proxy_header(peer_, reason);
}

void Connection::on_eof() noexcept {
  if (wait_ == Wait::kOrigin && !held_.empty())
    return end_without_origin("the connection ended within it");
  at_eof_ = true;
  end_if_client_left();
}

// After the end of the client's sending: closes, unless something is on its way to the client.
void Connection::end_if_client_left() {
  if (!at_eof_ || is_gone()) return;
  if (exchange_ != 0) return abandon();
  const bool writing = is_flowing() && !conversation_.flow_waits();
  if (!writing && wire_->queued_bytes() == 0) close();
}

void Connection::on_drained() noexcept {
  if (wait_ != Wait::kNews) attempt([this] { go_on(uv::now()); });
}

// The client has taken what was written, or the timer gave it a turn.
void Connection::go_on(TimePoint now) {
  if (is_flowing()) return flow(now);
  serve_held(now);
  end_if_client_left();
}

void Connection::on_reset() noexcept {
  exchange_ != 0 ? abandon() : close();
}

void Connection::on_failed(const Error&) noexcept {
  on_reset();
}

bool Connection::is_flowing() const {
  return conversation_.phase() == http::Conversation::Phase::kFlow;
}

bool Connection::is_busy() const {
  return exchange_ != 0 || is_flowing() || wire_->queued_bytes() > 0;
}

void Connection::hold(std::string_view bytes) {
  THROTTLE_CHECK(!handling_);
  if (conversation_.phase() == http::Conversation::Phase::kOver) return;
  held_.append(bytes);
  if (held_.size() < shared_.limits.pipelined_bytes) return;
  wire_->stop_reading();
  reading_ = false;
  if (wait_ == Wait::kAnswer || wait_ == Wait::kNews) wait_while_heard(wait_, uv::now());
}

void Connection::serve_held(TimePoint now) {
  const std::string bytes = std::exchange(held_, {});
  serve(bytes, now);
}

// Serves one request after the other until the bytes are used up, or an answer comes later. The
// responses are written together.
void Connection::serve(std::string_view bytes, TimePoint now) {
  THROTTLE_CHECK(!handling_ && held_.empty());
  const http::Conversation::Output output = output_to(shared_.output, now);
  bool progress = false;
  while (!is_gone() && !is_busy()) {
    const http::Request* request = conversation_.next(bytes, output);
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

void Connection::handle(const http::Request& request, const http::Conversation::Output& output,
                        TimePoint now) {
  THROTTLE_CHECK(exchange_ == 0 && flow_ == 0 && !handling_);
  ++shared_.counters.requests;
  exchange_ = ++shared_.exchanges * kSlots + slot_;
  handling_ = true;
  auto response = shared_.receiver.on_request(request, exchange_, now);
  handling_ = false;
  auto early_response = std::exchange(shared_.early_response, {});
  if (is_gone()) return;
  if (!response) response = std::move(early_response);
  if (!response) return conversation_.park();
  answer(*std::move(response), output);
}

void Connection::answer(http::Response&& response, const http::Conversation::Output& output) {
  const http::ExchangeId exchange = std::exchange(exchange_, 0);
  THROTTLE_CHECK(exchange != 0 && flow_ == 0);
  conversation_.respond(std::move(response), output);
  if (is_flowing()) flow_ = exchange;
}

// Asks the producer for its next piece. After the last one, serves what the client sent meanwhile.
void Connection::flow(TimePoint now) {
  if (now >= conversation_.flow_deadline()) {
    ++shared_.counters.timed_out.write;
    wire_->close_with_reset();
    return close();
  }
  THROTTLE_CHECK(flow_ != 0 && exchange_ == 0 && shared_.output.empty());
  conversation_.flow(output_to(shared_.output, now));
  flush(shared_.output);
  if (is_flowing()) return settle(now, true);
  flow_ = 0;
  serve_held(now);
  end_if_client_left();
}

void Connection::resume(http::ExchangeId exchange) {
  if (exchange == 0 || exchange != flow_ || wait_ != Wait::kNews) return;
  wait_for(Wait::kTurn, uv::now());
}

void Connection::respond(http::ExchangeId exchange, http::Response response) {
  if (exchange_ == 0 || exchange != exchange_) return;
  if (handling_) {
    shared_.early_response = std::move(response);
    return;
  }
  const TimePoint now = uv::now();
  answer(std::move(response), output_to(shared_.late_output, now));
  flush(shared_.late_output);
  if (held_.empty() || conversation_.phase() == http::Conversation::Phase::kOver || is_busy())
    settle(now, true);
  else
    wait_for(Wait::kTurn, now);
}

// Decides what to wait for, when all has been done that can be done now. `progress`: a request was
// served since the last decision, so the time limits begin again.
void Connection::settle(TimePoint now, bool progress) {
  const http::Limits& limits = shared_.limits;
  const auto begin = [&](Wait wait, Duration length) {
    if (progress || wait_ != wait) wait_for(wait, saturating_add(now, length));
  };
  if (!reading_ && held_.size() < limits.pipelined_bytes) {
    reading_ = true;
    wire_->start_reading();
  }
  if (conversation_.phase() == http::Conversation::Phase::kOver) return settle_over(now);
  if (wire_->queued_bytes() > 0)
    return wait_for(Wait::kWrite, saturating_add(now, limits.write_time));
  switch (conversation_.phase()) {
    case http::Conversation::Phase::kIdle:
      if (closing_soon_) return close();
      if (progress || wait_ != Wait::kRequest) wait_for_request(now);
      return;
    case http::Conversation::Phase::kHead:
      return begin(Wait::kHead, limits.head_time);
    case http::Conversation::Phase::kBody:
      return begin(Wait::kBody, limits.body_time);
    case http::Conversation::Phase::kAnswer:
      return wait_while_heard(Wait::kAnswer, now);
    case http::Conversation::Phase::kFlow:
      return settle_flow(now);
    case http::Conversation::Phase::kOver:
      break;
  }
}

void Connection::settle_flow(TimePoint now) {
  THROTTLE_CHECK(flow_ != 0 && exchange_ == 0);
  if (conversation_.flow_waits() && closing_soon_) return end_flow(now);
  if (conversation_.flow_waits())
    wait_while_heard(Wait::kNews, now);
  else
    wait_for(Wait::kTurn, saturating_add(now, kBetweenPieces));
  end_if_client_left();
}

// While nothing is read, the leaving of a client is not noticed, so there is a deadline.
void Connection::wait_while_heard(Wait wait, TimePoint now) {
  wait_for(wait, reading_ ? kNever : saturating_add(now, shared_.limits.idle_time));
}

void Connection::settle_over(TimePoint now) {
  const http::Limits& limits = shared_.limits;
  const bool queued = wire_->queued_bytes() > 0;
  if (!conversation_.fault_status())
    return queued ? wait_for(Wait::kWrite, saturating_add(now, limits.write_time)) : close();
  // Closing now could reset the connection and destroy the answer: the client may still be sending.
  if (wait_ != Wait::kLinger) {
    count_rejection();
    wire_->shutdown();
  }
  wait_for(Wait::kLinger, saturating_add(now, queued ? limits.write_time : limits.linger_time));
}

void Connection::on_deadline(TimePoint now) {
  THROTTLE_CHECK(!is_gone() && deadline_ <= now);
  shared_.deadlines.insert(slot_, kNever);
  deadline_ = kNever;
  Counters::TimeOuts& counters = shared_.counters.timed_out;
  switch (wait_) {
    case Wait::kTurn:
      return attempt([&] { go_on(now); });
    case Wait::kHead:
      return time_out(counters.head, now);
    case Wait::kBody:
      return time_out(counters.body, now);
    case Wait::kOrigin:
      return end_without_origin("it did not come in time (header_timeout)");
    case Wait::kRequest:
      return end_idleness(now);
    case Wait::kWrite:
      ++counters.write;
      wire_->close_with_reset();
      return exchange_ != 0 ? abandon() : close();
    case Wait::kAnswer:
      ++counters.idle;
      return abandon();
    case Wait::kNews:
      ++counters.idle;
      return close();
    case Wait::kLinger:
      return close();
    case Wait::kGone:
      break;
  }
}

void Connection::wait_for_request(TimePoint now) {
  yields_ = shared_.waiting_for_room;
  const Duration length = yields_ ? Duration::zero() : shared_.limits.idle_time;
  wait_for(Wait::kRequest, saturating_add(now, length));
}

// The client that waited for room may have got it meanwhile from another connection.
void Connection::end_idleness(TimePoint now) {
  const bool room = shared_.counters.open_connections < shared_.most_connections;
  if (yields_ && (room || !shared_.waiting_for_room)) {
    yields_ = false;
    return wait_for(Wait::kRequest, saturating_add(now, shared_.limits.idle_time));
  }
  if (yields_) return make_room();
  ++shared_.counters.timed_out.idle;
  close();
}

void Connection::make_room() {
  THROTTLE_CHECK(is_listed_ && exchange_ == 0);
  ++shared_.counters.made_room;
  close();
}

void Connection::time_out(std::uint64_t& counter, TimePoint now) {
  ++counter;
  conversation_.time_out(output_to(shared_.late_output, now));
  flush(shared_.late_output);
  settle(now, true);
}

void Connection::close_soon() {
  closing_soon_ = true;
  conversation_.end_soon();
  if (wait_ == Wait::kOrigin) return close();
  if (wait_ == Wait::kNews) return end_flow(uv::now());
  const bool idle = conversation_.phase() == http::Conversation::Phase::kIdle && held_.empty();
  if (!is_gone() && idle && !is_busy()) close();
}

// The server stops, and the producer waits for news: the body ends here.
void Connection::end_flow(TimePoint now) {
  THROTTLE_CHECK(flow_ != 0 && closing_soon_);
  conversation_.end_flow(output_to(shared_.late_output, now));
  flush(shared_.late_output);
  flow_ = 0;
  settle(now, true);
}

void Connection::close() {
  if (is_gone()) return;
  wire_->close();
  conversation_.cut_off();
  exchange_ = 0;
  flow_ = 0;
  THROTTLE_CHECK(shared_.counters.open_connections > 0);
  --shared_.counters.open_connections;
  wait_for(Wait::kGone, TimePoint{});
}

void Connection::abandon() {
  const http::ExchangeId exchange = exchange_;
  THROTTLE_CHECK(exchange != 0);
  ++shared_.counters.abandoned;
  close();
  shared_.receiver.on_abandoned(exchange);
}

void Connection::flush(std::string& output) {
  if (output.empty()) return;
  shared_.counters.sent_bytes += output.size();
  wire_->write(output);
  output.clear();
  if (output.capacity() > 4 * shared_.limits.output_bytes) output.shrink_to_fit();
}

void Connection::count_rejection() {
  THROTTLE_CHECK(conversation_.fault_status());
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

http::Conversation::Output Connection::output_to(std::string& bytes, TimePoint now) {
  return {bytes, shared_.date.at(std::chrono::system_clock::now()), now, &shared_.counters.flows,
          &shared_.counters.bodies};
}

// The one that became idle last is the last in the list.
void Connection::keep_idle_list(Wait next) {
  if (is_listed_) shared_.idle.remove(shared_.seats, slot_);
  is_listed_ = next == Wait::kRequest || next == Wait::kOrigin;
  if (is_listed_) shared_.idle.append(shared_.seats, slot_);
}

void Connection::wait_for(Wait wait, TimePoint deadline) {
  THROTTLE_CHECK(may_follow(wait_, wait));
  keep_idle_list(wait);
  wait_ = wait;
  if (deadline < deadline_) {
    shared_.deadlines.hasten(slot_, deadline);
    shared_.timer.arm(shared_.deadlines.next());
  }
  deadline_ = deadline;
}

}  // namespace throttle::httpd
