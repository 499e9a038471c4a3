// The life of an exchange, as a table of steps; move_to() checks each against may_follow().
//
//   step      what is there                     leads to
//   kNew      nothing                           kConnect, kHead (on a kept connection), kFailed
//   kConnect  connecting_                       kHead, kDone
//   kHead     wire_, reader_                    kBody; kConnect, if a kept connection was closed
//                                               before a byte of the response; kDone
//   kBody     wire_, reader_ with a head        kDone
//   kFailed   failure_; the timer reports it    kDone
//   kDone     nothing                           nothing
//
// - A failure before anything is on its way (kFailed) waits for the loop, because nothing may be
//   reported from within send().
// - There is one timer. It is armed for the earliest of the part's limit and the end of the whole,
//   and looks again when it fires, so that a piece of a body costs no arming.
// - In each call of the receiver the caller may destroy the exchange, and with it this state. So
//   on_bytes(), which goes on after such a call, leaves word in destroyed_; all others call last.
#include <algorithm>
#include <chrono>
#include <utility>

#include "libthrottle/client/exchange_state.h"
#include "libthrottle/core/check.h"
#include "libthrottle/core/duration.h"
#include "libthrottle/http/request_text.h"
#include "libthrottle/uv/clock.h"

namespace throttle::client {

namespace {

// RFC 9110, 9.2.2: repeating it does what doing it once does.
bool may_be_repeated(http::Method method) {
  return method != http::Method::kPost;
}

}  // namespace

Exchange::Exchange() = default;
Exchange::~Exchange() = default;
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;
Exchange::Exchange(std::unique_ptr<State> state) : state_(std::move(state)) {}

bool Exchange::is_open() const {
  return state_ != nullptr && state_->is_open();
}

Exchange::State::State(HttpClient::State& of, Request asked, HttpClient::OnDone done)
    : client_(of),
      request_(std::move(asked)),
      limits_(request_.limits.value_or(of.settings.limits)),
      on_done_(done),
      receiver_(*this),
      response_limits_{.body_bytes = of.settings.body_bytes},
      timer_(of.loop, uv::bound<&State::on_due>(this)),
      end_(saturating_add(uv::now(), limits_.whole)) {
  ++client_.exchanges;
}

Exchange::State::State(HttpClient::State& of, Request asked, HttpClient::Receiver& to)
    : client_(of),
      request_(std::move(asked)),
      limits_(request_.limits.value_or(of.settings.limits)),
      receiver_(to),
      timer_(of.loop, uv::bound<&State::on_due>(this)),
      end_(saturating_add(uv::now(), limits_.whole)) {
  ++client_.exchanges;
}

Exchange::State::~State() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (is_open()) leave_client();
}

void Exchange::State::leave_client() {
  THROTTLE_CHECK(client_.exchanges > 0);
  --client_.exchanges;
}

bool Exchange::State::may_follow(Step step, Step next) {
  switch (step) {
    case Step::kNew:
      return next == Step::kConnect || next == Step::kHead || next == Step::kFailed;
    case Step::kConnect:
      return next == Step::kHead || next == Step::kDone;
    case Step::kHead:
      return next == Step::kBody || next == Step::kConnect || next == Step::kDone;
    case Step::kBody:
    case Step::kFailed:
      return next == Step::kDone;
    case Step::kDone:
      break;
  }
  return false;
}

void Exchange::State::move_to(Step next) {
  THROTTLE_CHECK(may_follow(step_, next));
  step_ = next;
  if (step_ == Step::kDone) leave_client();
}

void Exchange::State::start() {
  if (!http::is_target(request_.target) || request_.method == http::Method::kOther) {
    move_to(Step::kFailed);
    failure_ = Error{ErrorCode::kInvalidArgument,
                     describe("this is no target of a request: it has to begin with a slash and to "
                              "be percent-encoded")};
    return timer_.arm(uv::now());
  }
  if (may_be_repeated(request_.method)) {
    if (auto kept = client_.pool.take()) {
      reused_ = true;
      return send(std::move(kept));
    }
  }
  connect();
}

void Exchange::State::connect() {
  move_to(Step::kConnect);
  reused_ = false;
  deadline_ = kNever;
  timer_.arm(end_);
  const TimePoint deadline = std::min(end_, saturating_add(uv::now(), limits_.connect));
  connecting_.emplace(client_.loop, client_.settings.server, deadline,
                      uv::bound<&State::on_connected>(this));
}

void Exchange::State::on_connected(Result<std::unique_ptr<uv::Wire>> wire) {
  THROTTLE_CHECK(step_ == Step::kConnect && connecting_);
  connecting_.reset();
  if (!wire) return fail(wire.error().code, wire.error().message);
  send(*std::move(wire));
}

void Exchange::State::send(std::unique_ptr<uv::Wire> wire) {
  THROTTLE_CHECK(wire != nullptr && wire->is_open() && !reader_);
  move_to(Step::kHead);
  wire_ = std::move(wire);
  wire_->set_receiver(*this);
  wire_->start_reading();
  reader_.emplace(response_limits_, request_.method);
  std::string bytes;
  http::append_request(bytes, {.method = request_.method,
                               .target = request_.target,
                               .host = client_.host,
                               .content_type = request_.content_type,
                               .body = request_.body,
                               .headers = request_.headers});
  wire_->write(bytes);
  limit(limits_.head);
}

void Exchange::State::limit(Duration length) {
  deadline_ = saturating_add(uv::now(), length);
  timer_.arm(std::min(deadline_, end_));
}

void Exchange::State::on_due() {
  const TimePoint now = uv::now();
  if (step_ == Step::kFailed) {
    THROTTLE_CHECK(failure_.has_value());
    const Error failure = *failure_;
    move_to(Step::kDone);
    return receiver_.on_end(tl::unexpected(failure));
  }
  if (now >= end_)
    return fail(ErrorCode::kUnavailable,
                "it was not complete within " + format_duration(limits_.whole));
  if (now < deadline_) return timer_.arm(std::min(deadline_, end_));
  THROTTLE_CHECK(step_ == Step::kHead || step_ == Step::kBody);
  if (step_ == Step::kHead)
    return fail(ErrorCode::kUnavailable, "no answer within " + format_duration(limits_.head));
  fail(ErrorCode::kUnavailable,
       "the answer stopped in the middle for " + format_duration(limits_.idle));
}

void Exchange::State::on_bytes(std::string_view bytes) noexcept {
  THROTTLE_CHECK(reader_.has_value() && destroyed_ == nullptr);
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (;;) {
    switch (reader_->read(bytes)) {
      case http::ResponseReader::Event::kMore:
        destroyed_ = nullptr;
        // Without arming: the timer looks again when it fires.
        if (step_ == Step::kBody) deadline_ = saturating_add(uv::now(), limits_.idle);
        return;
      case http::ResponseReader::Event::kHead:
        move_to(Step::kBody);
        limit(limits_.idle);
        receiver_.on_head(reader_->head());
        break;
      case http::ResponseReader::Event::kBody:
        receiver_.on_body(reader_->body_piece());
        break;
      case http::ResponseReader::Event::kEnd:
        destroyed_ = nullptr;
        return complete(bytes.empty());
      case http::ResponseReader::Event::kFault:
        destroyed_ = nullptr;
        return fail(ErrorCode::kUnavailable, "the answer is no HTTP: " + reader_->fault_text());
    }
    if (destroyed) return;
  }
}

void Exchange::State::on_eof() noexcept {
  THROTTLE_CHECK(reader_.has_value());
  if (reader_->is_untouched()) {
    return lose_connection(ErrorCode::kUnavailable, "the connection was closed before an answer");
  }
  if (reader_->end() == http::ResponseReader::Event::kEnd) return complete(false);
  fail(ErrorCode::kUnavailable, reader_->fault_text());
}

void Exchange::State::on_reset() noexcept {
  lose_connection(ErrorCode::kUnavailable, "the connection was reset");
}

void Exchange::State::on_failed(const Error& error) noexcept {
  lose_connection(error.code, error.message);
}

// A kept connection may have been closed by the server just when the request was sent.
void Exchange::State::lose_connection(ErrorCode code, std::string_view what) {
  if (!reused_ || !reader_->is_untouched()) return fail(code, what);
  THROTTLE_CHECK(may_be_repeated(request_.method));
  wire_.reset();
  reader_.reset();
  connect();
}

void Exchange::State::complete(bool reusable) {
  timer_.disarm();
  reusable = reusable && reader_->keep_alive() && wire_->queued_bytes() == 0;
  move_to(Step::kDone);
  reader_.reset();
  auto wire = std::move(wire_);
  if (reusable) client_.pool.put(std::move(wire));
  receiver_.on_end({});
}

void Exchange::State::fail(ErrorCode code, std::string_view what) {
  Error error{code, describe(what)};
  timer_.disarm();
  move_to(Step::kDone);
  wire_.reset();
  reader_.reset();
  receiver_.on_end(tl::unexpected(std::move(error)));
}

void Exchange::State::on_end(Result<void> outcome) {
  THROTTLE_CHECK(on_done_.has_value());
  const HttpClient::OnDone on_done = *on_done_;
  if (!outcome) return on_done(tl::unexpected(std::move(outcome).error()));
  on_done(std::move(response_));
}

// "GET http://localhost:8000/health: no answer within 30s".
std::string Exchange::State::describe(std::string_view what) const {
  std::string text(to_string(request_.method));
  text.append(" http://").append(client_.host).append(request_.target).append(": ").append(what);
  return text;
}

}  // namespace throttle::client
