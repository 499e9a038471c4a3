// Reads responses: keeps the head until it is complete, hands it to Beast in one piece, and then
// feeds Beast the body step by step, so that each step yields at most one piece of it.
//
// The parts, in order: kHead ──(1xx)──► kHead, kHead ──► kBody ──► kEnd; from each of the first two
// a fault leads to kFaulty. move_to() checks that. A chunk's data goes to Beast where it lies; the
// lines between chunks are collected in line_ until Beast has taken them.
#include "libthrottle/http/response_reader.h"

#include <algorithm>
#include <utility>

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

constexpr std::string_view kProtocol = "HTTP/1.";
// A server that sends more interim responses than this never means to answer.
constexpr int kMaxInterim = 16;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

class ResponseReader::Message final : private beast::http::basic_parser<false> {
 public:
  Message(const ResponseLimits& limits, Method method) : limits_(limits), method_(method) {
    header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    body_limit(limits.body_bytes);
    skip(method == Method::kHead);
  }

  Event read(std::string_view& bytes);
  Event end();

  // What a fresh message goes on with after an interim response.
  void follow(const Message& interim) { interim_ = interim.interim_ + 1; }
  bool is_interim() const { return part_ == Part::kBody && head_.status < 200; }

  const ResponseHead& head() const {
    THROTTLE_CHECK(part_ != Part::kHead);
    return head_;
  }
  bool keep_alive() const {
    THROTTLE_CHECK(part_ == Part::kBody || part_ == Part::kEnd);
    return basic_parser::keep_alive();
  }
  std::string_view body_piece() const { return piece_; }
  const std::string& fault_text() const { return fault_text_; }
  bool is_untouched() const { return interim_ == 0 && part_ == Part::kHead && text_.empty(); }
  Method method() const { return method_; }
  const ResponseLimits& limits() const { return limits_; }

 private:
  enum class Part : std::uint8_t { kHead, kBody, kEnd, kFaulty };

  void move_to(Part next);
  bool read_head(std::string_view& bytes);
  void parse_head();
  void read_body(std::string_view& bytes);
  void read_plain(std::string_view& bytes);
  void read_chunk_line(std::string_view& bytes);

  // Gives text to Beast; the number of bytes it took. What went wrong is in fault_text_.
  std::size_t parse(std::string_view text);
  // Notes what is wrong and returns false.
  bool fail(std::string_view text);
  void fail(std::string_view text, error_code& code);

  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int status, beast::string_view, int version, error_code& code) override;
  void on_field_impl(beast::http::field known, beast::string_view name, beast::string_view value,
                     error_code& code) override;
  void on_header_impl(error_code& code) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view piece, error_code&) override;
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code&) override;
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, error_code&) override;
  void on_finish_impl(error_code&) override {}

  const ResponseLimits& limits_;
  Method method_;
  Part part_ = Part::kHead;
  std::string text_;  // of the head, as far as it has arrived
  std::string line_;  // of what is between chunks, as far as Beast has not taken it
  ResponseHead head_;
  std::string_view piece_;
  std::string fault_text_;
  std::uint64_t chunk_left_ = 0;  // bytes of the chunk that are still to come
  std::uint64_t body_bytes_ = 0;  // that came out so far
  int interim_ = 0;               // interim responses before this one
  bool http_1_0_ = false;
  bool has_transfer_encoding_ = false;
};

void ResponseReader::Message::move_to(Part next) {
  const bool allowed = next == Part::kFaulty ? part_ <= Part::kBody
                       : next == Part::kBody ? part_ == Part::kHead
                                             : next == Part::kEnd && part_ == Part::kBody;
  THROTTLE_CHECK(allowed);
  part_ = next;
}

ResponseReader::Event ResponseReader::Message::read(std::string_view& bytes) {
  THROTTLE_CHECK(part_ <= Part::kBody);
  piece_ = {};
  if (part_ == Part::kHead) {
    if (read_head(bytes)) {
      move_to(Part::kBody);
      return Event::kHead;
    }
  } else {
    read_body(bytes);
  }
  if (!fault_text_.empty()) {
    move_to(Part::kFaulty);
    return Event::kFault;
  }
  if (!piece_.empty()) return Event::kBody;
  if (part_ == Part::kHead || !is_done()) return Event::kMore;
  move_to(Part::kEnd);
  return Event::kEnd;
}

ResponseReader::Event ResponseReader::Message::end() {
  THROTTLE_CHECK(part_ <= Part::kBody);
  if (part_ == Part::kHead) {
    fail(text_.empty() ? "the connection was closed before an answer"
                       : "the connection was closed in the middle of the head");
  } else if (!is_done() && !need_eof()) {
    fail("the connection was closed in the middle of the body");
  }
  move_to(fault_text_.empty() ? Part::kEnd : Part::kFaulty);
  return part_ == Part::kEnd ? Event::kEnd : Event::kFault;
}

// Whether the head is complete and good. What is no HTTP at all is refused at its first byte.
bool ResponseReader::Message::read_head(std::string_view& bytes) {
  const std::size_t held = text_.size();
  text_.append(bytes.substr(0, limits_.head_bytes - held));
  const std::size_t compared = std::min(text_.size(), kProtocol.size());
  if (text_.compare(0, compared, kProtocol, 0, compared) != 0) return fail("bad version");
  const std::size_t end = text_.find(kHeadEnd, std::max<std::size_t>(held, 3) - 3);
  if (end == std::string::npos) {
    if (text_.size() == limits_.head_bytes) return fail("header limit");
    bytes = {};
    return false;
  }
  text_.resize(end + kHeadEnd.size());
  bytes.remove_prefix(text_.size() - held);
  parse_head();
  return fault_text_.empty();
}

void ResponseReader::Message::parse_head() {
  const std::size_t taken = parse(text_);
  if (!fault_text_.empty()) return;
  if (taken < text_.size() || !is_header_done()) fail("incomplete line");
  if (head_.status == 101) fail("it switches to another protocol");
  if (head_.status < 200 && interim_ == kMaxInterim) fail("too many interim responses");
}

void ResponseReader::Message::read_body(std::string_view& bytes) {
  if (!chunked()) return read_plain(bytes);
  while (fault_text_.empty() && piece_.empty() && !is_done() && !bytes.empty()) {
    if (chunk_left_ > 0)
      read_plain(bytes);
    else
      read_chunk_line(bytes);
  }
}

void ResponseReader::Message::read_plain(std::string_view& bytes) {
  if (is_done() || bytes.empty()) return;
  std::uint64_t most = chunked() ? chunk_left_ : bytes.size();
  if (need_eof()) {
    // Beast refuses the whole piece that goes beyond the limit; so it depends on the cuts how much
    // of the body comes out before. Here all up to the limit does.
    most = limits_.body_bytes - body_bytes_;
    if (most == 0) {
      fail("body limit exceeded");
      return;
    }
  }
  const std::size_t taken = parse(bytes.substr(0, std::min<std::uint64_t>(most, bytes.size())));
  body_bytes_ += taken;
  bytes.remove_prefix(taken);
}

void ResponseReader::Message::read_chunk_line(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
  line_.append(bytes.substr(0, end));
  bytes.remove_prefix(end);
  if (line_.back() == '\n') line_.erase(0, parse(line_));
  if (line_.size() > kChunkHeaderBytes) fail("chunk header limit");
}

std::size_t ResponseReader::Message::parse(std::string_view text) {
  error_code code;
  const std::size_t taken = put({text.data(), text.size()}, code);
  if (code && code != beast::http::error::need_more && fault_text_.empty()) fail(code.message());
  return taken;
}

bool ResponseReader::Message::fail(std::string_view text) {
  if (fault_text_.empty()) fault_text_ = text;
  return false;
}

// From within Beast's parser, which stops at any error.
void ResponseReader::Message::fail(std::string_view text, error_code& code) {
  fail(text);
  code = beast::http::error::bad_value;
}

void ResponseReader::Message::on_response_impl(int status, beast::string_view, int version,
                                               error_code& code) {
  http_1_0_ = version == 10;
  head_.status = static_cast<unsigned>(status);
  if (status < 100) fail("bad status", code);
}

void ResponseReader::Message::on_field_impl(beast::http::field known, beast::string_view name,
                                            beast::string_view value, error_code& code) {
  if (part_ == Part::kBody) return;  // a trailer: nothing here wants any
  if (head_.headers.size() == limits_.header_count) return fail("too many headers", code);
  if (is_folded(text_, view(name), view(value))) return fail("folded header", code);
  if (known == beast::http::field::transfer_encoding) {
    has_transfer_encoding_ = true;
    if (!beast::iequals(value, "chunked")) return fail("bad Transfer-Encoding", code);
  }
  head_.headers.push_back({std::string(view(name)), std::string(view(value))});
}

void ResponseReader::Message::on_header_impl(error_code& code) {
  if (has_transfer_encoding_ && http_1_0_) fail("Transfer-Encoding in HTTP/1.0", code);
}

std::size_t ResponseReader::Message::on_body_impl(beast::string_view piece, error_code&) {
  piece_ = view(piece);
  return piece.size();
}

void ResponseReader::Message::on_chunk_header_impl(std::uint64_t size, beast::string_view,
                                                   error_code&) {
  chunk_left_ = size;
}

std::size_t ResponseReader::Message::on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                                        error_code&) {
  THROTTLE_CHECK(piece.size() <= chunk_left_);
  chunk_left_ -= piece.size();
  piece_ = view(piece);
  return piece.size();
}

ResponseReader::ResponseReader(const ResponseLimits& limits, Method method)
    : message_(std::make_unique<Message>(limits, method)) {}
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;

ResponseReader::Event ResponseReader::read(std::string_view& bytes) {
  for (;;) {
    const Event event = message_->read(bytes);
    if (event != Event::kHead || !message_->is_interim()) return event;
    auto next = std::make_unique<Message>(message_->limits(), message_->method());
    next->follow(*message_);
    message_ = std::move(next);
  }
}

ResponseReader::Event ResponseReader::end() {
  return message_->end();
}

const ResponseHead& ResponseReader::head() const {
  return message_->head();
}
bool ResponseReader::keep_alive() const {
  return message_->keep_alive();
}
std::string_view ResponseReader::body_piece() const {
  return message_->body_piece();
}
const std::string& ResponseReader::fault_text() const {
  return message_->fault_text();
}
bool ResponseReader::is_untouched() const {
  return message_->is_untouched();
}

}  // namespace throttle::http
