// Parses requests with Boost.Beast, in place where that is possible.
//
// A Message exists from the first byte of a request until finish(), and is in one of two parts:
//
//   kHead   head_ views the head as far as it has arrived: in the caller's bytes, or in kept_head_
//           once some of it arrived earlier. Beast sees the first line as soon as it is complete,
//           so that garbage is refused at once, and the other lines when the head is complete
//   kBody   the head is complete. A body that arrives in one piece is a view (whole_body_), all
//           others are collected in body_. Of a chunked body, an incomplete chunk header is kept in
//           incomplete_chunk_ until the rest arrives
//
// Parts of the head are kept as places (offset and size), because keep_head() may still copy the
// head to kept_head_ when the caller's bytes are about to go; compose_request() turns them into
// views at the end. A fault ends the message in either part, for good.
#include "libthrottle/http/request_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "libthrottle/core/check.h"
#include "libthrottle/http/head_rules.h"

// Beast asserts that it never sees less than five bytes of a last chunk. The other side may well
// send "0\r\n\r" and pause. Without the assertion Beast handles that, and reads within its bounds.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace throttle::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

// A list may be spread over several headers of one name.
void append_to_list(std::string& list, std::string_view value) {
  if (!list.empty()) list += ',';
  list += value;
}

Method method_of(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::kGet;
    case beast::http::verb::head:
      return Method::kHead;
    case beast::http::verb::post:
      return Method::kPost;
    case beast::http::verb::put:
      return Method::kPut;
    case beast::http::verb::delete_:
      return Method::kDelete;
    case beast::http::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

// The path and the query of a request target.
struct Target {
  std::string_view path;
  std::string_view query;
};

// The forms of RFC 9112, 3.2: "/path?query", the same after "http://host", and "*". The form of
// CONNECT is refused.
std::optional<Target> split_target(std::string_view target) {
  if (!target.starts_with('/') && target != "*") {
    const std::size_t scheme = target.find("://");
    if (scheme == 0 || scheme >= target.find_first_of("/?")) return std::nullopt;
    target.remove_prefix(scheme + 3);
    const std::size_t host = std::min(target.find_first_of("/?"), target.size());
    if (host == 0) return std::nullopt;
    target.remove_prefix(host);
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  return Target{target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
}

}  // namespace

// One request on its way in. Beast's parser calls back with each part it has recognised; the parts
// of the head are kept as places in it, because the head may still be moved to a buffer of our own.
class RequestReader::Message final : private beast::http::basic_parser<true> {
 public:
  explicit Message(const Limits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    body_limit(limits.body_bytes);
    eager(true);
  }

  Event read(std::string_view& bytes);
  Request& request() { return request_; }
  bool keep_alive() const { return basic_parser::keep_alive(); }
  bool is_http_1_0() const { return http_1_0_; }
  Part part() const { return part_; }
  std::size_t kept_body_bytes() const { return body_.size() + incomplete_chunk_.size(); }
  Fault fault() const { return *fault_; }
  std::string fault_text() const { return fault_text_; }

 private:
  struct Place {
    std::size_t offset = 0;
    std::size_t size = 0;
  };

  bool read_head(std::string_view& bytes);
  void read_first_line();
  bool fail_long_head();
  bool read_body(std::string_view& bytes);
  bool read_chunks(std::string_view& bytes);
  void keep_head();
  void compose_request();

  // Gives text to Beast; the number of bytes it took. What went wrong is in fault_.
  std::size_t parse(std::string_view text);
  // Notes what is wrong and returns false.
  bool fail(Fault fault, std::string_view text);
  void fail(Fault fault, std::string_view text, error_code& code);
  Place place_of(std::string_view part) const;
  std::string_view text_at(Place place) const;

  void on_request_impl(beast::http::verb verb, beast::string_view method, beast::string_view target,
                       int version, error_code& code) override;
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_field_impl(beast::http::field known, beast::string_view name, beast::string_view value,
                     error_code& code) override;
  void on_header_impl(error_code& code) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view piece, error_code&) override;
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, error_code&) override;
  void on_finish_impl(error_code&) override {}

  const Limits& limits_;
  Part part_ = Part::kHead;
  std::optional<Fault> fault_;
  std::string fault_text_;

  std::string_view head_;        // as far as it has arrived: in the caller's bytes or in kept_head_
  std::string kept_head_;        // the head, if it did not arrive together with all that follows
  std::size_t searched_ = 0;     // bytes of the head that hold no end of it
  std::size_t parsed_ = 0;       // bytes of the head that Beast has seen: none or its first line
  std::string body_;             // of a body in pieces
  std::string_view whole_body_;  // of a body in one piece, in the caller's bytes
  std::string incomplete_chunk_;  // a chunk header, or the trailers, as far as they have arrived

  Place path_;
  Place query_;
  Place content_type_;
  Place accept_;
  Place host_;
  Place origin_;
  Place fetch_site_;
  Place last_event_id_;
  std::string forwarded_;      // all headers of the name, as one list
  std::string forwarded_for_;  // likewise
  std::size_t host_count_ = 0;
  std::size_t header_count_ = 0;
  bool http_1_0_ = false;
  bool has_transfer_encoding_ = false;
  bool wants_go_ahead_ = false;
  Request request_;
};

RequestReader::Event RequestReader::Message::read(std::string_view& bytes) {
  if (part_ == Part::kHead && !fault_ && read_head(bytes)) {
    part_ = Part::kBody;
    if (!is_done() && bytes.empty() && wants_go_ahead_ && !http_1_0_) {
      keep_head();
      return Event::kWantsGoAhead;
    }
  }
  if (part_ == Part::kBody && !fault_ && (is_done() || read_body(bytes))) {
    compose_request();
    return Event::kRequest;
  }
  if (fault_) return Event::kFault;
  keep_head();
  return Event::kMore;
}

// Whether the head is complete and good.
bool RequestReader::Message::read_head(std::string_view& bytes) {
  const std::size_t held = kept_head_.size();
  THROTTLE_CHECK(held <= limits_.head_bytes);
  const std::string_view fresh = bytes.substr(0, limits_.head_bytes - held);
  if (held > 0) kept_head_.append(fresh);
  head_ = held > 0 ? std::string_view(kept_head_) : fresh;

  if (parsed_ == 0) read_first_line();
  if (fault_) return false;
  const std::size_t end = head_.find(kHeadEnd, std::max<std::size_t>(searched_, 3) - 3);
  if (end == std::string_view::npos || parsed_ == 0) {
    if (head_.size() == limits_.head_bytes) return fail_long_head();
    searched_ = head_.size();
    bytes = {};
    return false;
  }
  head_ = head_.substr(0, end + kHeadEnd.size());
  if (held > 0) kept_head_.resize(head_.size());
  bytes.remove_prefix(head_.size() - held);
  parse(head_.substr(parsed_));
  return !fault_ && (is_header_done() || fail(Fault::kMalformed, "incomplete line"));
}

// Beast gets the first line as soon as it is complete, so that what is no HTTP at all is refused at
// once, and the headers when all are there: a fault does not depend on how the bytes are cut.
void RequestReader::Message::read_first_line() {
  if (head_.front() <= ' ' || head_.front() > '~') {
    fail(Fault::kMalformed, "bad method");
    return;
  }
  const std::size_t line = head_.find('\n', searched_);
  if (line == std::string_view::npos) return;
  parsed_ = parse(head_.substr(0, line + 1));
  if (!fault_ && parsed_ <= line) fail(Fault::kMalformed, "incomplete line");
}

bool RequestReader::Message::fail_long_head() {
  const bool in_target = parsed_ == 0 && head_.find(' ') != std::string_view::npos;
  return in_target ? fail(Fault::kTargetTooLong, "target limit")
                   : fail(Fault::kHeadTooLarge, "header limit");
}

// Whether the body is complete.
bool RequestReader::Message::read_body(std::string_view& bytes) {
  if (chunked()) return read_chunks(bytes);
  if (!bytes.empty()) bytes.remove_prefix(parse(bytes));
  return is_done();
}

bool RequestReader::Message::read_chunks(std::string_view& bytes) {
  const std::size_t held = incomplete_chunk_.size();
  if (held > 0) incomplete_chunk_.append(bytes);
  const std::string_view input = held > 0 ? std::string_view(incomplete_chunk_) : bytes;
  if (input.empty()) return false;
  const std::size_t taken = parse(input);
  if (fault_) return false;
  if (is_done()) {
    bytes.remove_prefix(taken - held);
    return true;
  }
  if (input.size() - taken > kChunkHeaderBytes)
    return fail(Fault::kHeadTooLarge, "chunk header limit");
  if (held > 0)
    incomplete_chunk_.erase(0, taken);
  else
    incomplete_chunk_ = input.substr(taken);
  bytes = {};
  return false;
}

// The caller's bytes are about to go: copies what is needed of them.
void RequestReader::Message::keep_head() {
  if (!kept_head_.empty()) return;
  kept_head_ = head_;
  head_ = kept_head_;
}

void RequestReader::Message::compose_request() {
  THROTTLE_CHECK(part_ == Part::kBody && !fault_);
  request_.path = path_.size > 0 ? text_at(path_) : "/";
  request_.query = text_at(query_);
  request_.content_type = text_at(content_type_);
  request_.accept = text_at(accept_);
  request_.host = text_at(host_);
  request_.origin = text_at(origin_);
  request_.fetch_site = text_at(fetch_site_);
  request_.last_event_id = text_at(last_event_id_);
  request_.forwarded = forwarded_;
  request_.forwarded_for = forwarded_for_;
  request_.body = body_.empty() ? whole_body_ : body_;
}

std::size_t RequestReader::Message::parse(std::string_view text) {
  error_code code;
  const std::size_t taken = put({text.data(), text.size()}, code);
  if (fault_ || !code || code == beast::http::error::need_more) return taken;
  const bool body_limit = code == beast::http::error::body_limit;
  fail(body_limit ? Fault::kBodyTooLarge : Fault::kMalformed, code.message());
  return taken;
}

bool RequestReader::Message::fail(Fault fault, std::string_view text) {
  fault_ = fault;
  fault_text_ = text;
  return false;
}

// From within Beast's parser, which stops at any error.
void RequestReader::Message::fail(Fault fault, std::string_view text, error_code& code) {
  fail(fault, text);
  code = beast::http::error::bad_value;
}

RequestReader::Message::Place RequestReader::Message::place_of(std::string_view part) const {
  if (part.empty()) return {};
  THROTTLE_CHECK(part.data() >= head_.data() && part.size() <= head_.size());
  return {static_cast<std::size_t>(part.data() - head_.data()), part.size()};
}

std::string_view RequestReader::Message::text_at(Place place) const {
  THROTTLE_CHECK(place.offset + place.size <= head_.size());
  return head_.substr(place.offset, place.size);
}

// NOLINTNEXTLINE(readability-function-size): the number of its parameters is Beast's
void RequestReader::Message::on_request_impl(beast::http::verb verb, beast::string_view,
                                             beast::string_view target, int version,
                                             error_code& code) {
  http_1_0_ = version == 10;
  request_.method = method_of(verb);
  if (target.size() > limits_.target_bytes)
    return fail(Fault::kTargetTooLong, "target limit", code);
  const auto parts = split_target(view(target));
  if (!parts) return fail(Fault::kMalformed, "bad target", code);
  path_ = place_of(parts->path);
  query_ = place_of(parts->query);
}

void RequestReader::Message::on_field_impl(beast::http::field known, beast::string_view name,
                                           beast::string_view value, error_code& code) {
  using beast::http::field;
  if (part_ == Part::kBody) return;  // a trailer: nothing here wants any
  if (++header_count_ > limits_.header_count)
    return fail(Fault::kHeadTooLarge, "too many headers", code);
  if (is_folded(head_, view(name), view(value)))
    return fail(Fault::kMalformed, "folded header", code);
  switch (known) {
    case field::transfer_encoding:
      has_transfer_encoding_ = true;
      if (!beast::iequals(value, "chunked"))
        return fail(Fault::kMalformed, "bad Transfer-Encoding", code);
      break;
    case field::content_type:
      if (content_type_.size == 0) content_type_ = place_of(view(value));
      break;
    case field::accept:
      if (accept_.size == 0) accept_ = place_of(view(value));
      break;
    case field::host:
      if (++host_count_ > 1) return fail(Fault::kMalformed, "more than one Host header", code);
      host_ = place_of(view(value));
      break;
    case field::origin:
      if (origin_.size == 0) origin_ = place_of(view(value));
      break;
    case field::expect:
      wants_go_ahead_ = beast::iequals(value, "100-continue");
      break;
    case field::forwarded:
      append_to_list(forwarded_, view(value));
      break;
    default:
      if (beast::iequals(name, "Sec-Fetch-Site")) fetch_site_ = place_of(view(value));
      if (beast::iequals(name, "Last-Event-ID")) last_event_id_ = place_of(view(value));
      if (beast::iequals(name, "X-Forwarded-For")) append_to_list(forwarded_for_, view(value));
      break;
  }
}

void RequestReader::Message::on_header_impl(error_code& code) {
  if (host_count_ == 0 && !http_1_0_) fail(Fault::kMalformed, "no Host header", code);
  if (has_transfer_encoding_ && http_1_0_)
    fail(Fault::kMalformed, "Transfer-Encoding in HTTP/1.0", code);
}

std::size_t RequestReader::Message::on_body_impl(beast::string_view piece, error_code&) {
  const bool whole = body_.empty() && piece.size() == content_length();
  if (whole)
    whole_body_ = view(piece);
  else
    body_.append(piece.data(), piece.size());
  return piece.size();
}

std::size_t RequestReader::Message::on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                                       error_code&) {
  body_.append(piece.data(), piece.size());
  return piece.size();
}

RequestReader::RequestReader(const Limits& limits) : limits_(&limits) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

RequestReader::Event RequestReader::read(std::string_view& bytes) {
  if (!message_) {
    bytes.remove_prefix(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
    if (bytes.empty()) return Event::kMore;
    message_ = std::make_unique<Message>(*limits_);
  }
  return message_->read(bytes);
}

Request& RequestReader::request() {
  THROTTLE_CHECK(message_ != nullptr);
  return message_->request();
}
bool RequestReader::keep_alive() const {
  THROTTLE_CHECK(message_ != nullptr);
  return message_->keep_alive();
}
bool RequestReader::is_http_1_0() const {
  THROTTLE_CHECK(message_ != nullptr);
  return message_->is_http_1_0();
}
void RequestReader::finish() {
  message_.reset();
}

RequestReader::Part RequestReader::part() const {
  return message_ ? message_->part() : Part::kNothing;
}

std::size_t RequestReader::kept_body_bytes() const {
  return message_ ? message_->kept_body_bytes() : 0;
}

Fault RequestReader::fault() const {
  THROTTLE_CHECK(message_ != nullptr);
  return message_->fault();
}
std::string RequestReader::fault_text() const {
  THROTTLE_CHECK(message_ != nullptr);
  return message_->fault_text();
}

}  // namespace throttle::http
