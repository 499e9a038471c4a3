// One class writes a stream piece by piece; the rest reads what the client asks for.
#include "libthrottle/pages/event_streams.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "libthrottle/http/url.h"
#include "libthrottle/pages/event_words.h"
#include "libthrottle/pages/json_text.h"

namespace throttle::pages {

namespace {

using journal::Kind;
using Number = EventBacklog::Number;

// Looking at an event that is filtered out takes some ns; this many are far less than a
// millisecond.
constexpr std::size_t kLooksOfAPiece = 20'000;

constexpr std::array kKinds = {
    Kind::kQueued,     Kind::kGranted,    Kind::kWaitEnded,  Kind::kLeaseEnded,
    Kind::kRestored,   Kind::kExcess,     Kind::kConfigured, Kind::kPaused,
    Kind::kResumed,    Kind::kLabelled,   Kind::kReloaded,   Kind::kReloadRefused,
    Kind::kGraceBegan, Kind::kGraceEnded, Kind::kNote,       Kind::kKicked};

constexpr std::uint64_t bit(Kind kind) {
  return std::uint64_t{1} << static_cast<unsigned>(kind);
}

std::string_view word_of(Kind kind) {
  return journal::kind_name(static_cast<std::int64_t>(kind));
}

std::string all_kinds() {
  std::string all;
  for (const Kind kind : kKinds)
    all.append(all.empty() ? "" : ", ").append(word_of(kind));
  return all;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

http::Response unavailable(std::string text) {
  http::Response response{.status = 503, .body = std::move(text)};
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

struct EventStreams::Filter {
  std::vector<SemaphoreIndex> semaphores;  // empty: all events
  std::uint64_t kinds = 0;                 // 0: all

  // A pause of all semaphores is one of each.
  bool accepts(const EventBacklog::Event& event) const {
    if (kinds != 0 && (kinds & bit(event.kind)) == 0) return false;
    if (semaphores.empty()) return true;
    const bool of_all = event.kind == Kind::kPaused || event.kind == Kind::kResumed;
    if (event.what.semaphore == kNoSemaphore) return of_all;
    return std::ranges::find(semaphores, event.what.semaphore) != semaphores.end();
  }
};

// Where a stream begins: behind this number, and after a gap of unknown length or not.
struct EventStreams::Begin {
  Number after = 0;
  bool other_run = false;
};

class EventStreams::Stream final : public http::Producer {
 public:
  Stream(EventStreams& all, const http::Call& call, Filter filter, Begin begin)
      : all_(all),
        exchange_(call.exchange),
        filter_(std::move(filter)),
        begin_(begin),
        cursor_(begin.after),
        written_at_(call.now),
        woken_at_(call.now) {
    all_.open_.push_back(this);
    ++all_.opened_;
  }
  ~Stream() override { std::erase(all_.open_, this); }

  void greet(std::int64_t wall_us);
  Progress produce(std::string& out, TimePoint now) override;

  http::ExchangeId exchange() const { return exchange_; }
  TimePoint next_wake() const { return after_keep_alive(std::max(written_at_, woken_at_)); }
  // Whether it has something to write now.
  bool wake(TimePoint now) {
    const bool is_silent = now >= next_wake();
    if (is_silent) woken_at_ = now;
    return is_silent || all_.stopping_ || cursor_ < all_.backlog_.newest();
  }

 private:
  TimePoint after_keep_alive(TimePoint at) const {
    return saturating_add(at, all_.settings_.keep_alive);
  }
  void write_events(std::string& out);
  void write_id(std::string& out);
  void write_gap(std::string& out, std::optional<Number> missed);

  EventStreams& all_;
  http::ExchangeId exchange_;
  Filter filter_;
  Begin begin_;
  Number cursor_;  // the last number that was written or left out
  Number id_ = 0;  // the last one whose id was written
  TimePoint written_at_;
  TimePoint woken_at_;    // for a comment
  std::string greeting_;  // until it is written
};

// The position is given as an id alone, so that a client that never gets an event resumes there.
void EventStreams::Stream::greet(std::int64_t wall_us) {
  const EventBacklog& backlog = all_.backlog_;
  greeting_ = "retry: 2000\nevent: hello\ndata: {";
  append_json_member(greeting_, "run", backlog.run());
  greeting_.append(", ");
  append_json_member(greeting_, "server", all_.server_);
  greeting_.append(R"(, "now": ")");
  append_iso_time(greeting_, wall_us);
  greeting_.append("\"");
  const auto add_id = [&](std::string_view name, Number number) {
    greeting_.append(", \"").append(name).append("\": ");
    if (backlog.newest() == 0) return void(greeting_.append("null"));
    greeting_.append("\"");
    backlog.append_id(greeting_, number);
    greeting_.append("\"");
  };
  add_id("oldest", backlog.oldest());
  add_id("newest", backlog.newest());
  greeting_.append(", ");
  append_json_member(
      greeting_, "keep_alive_ms",
      std::chrono::duration_cast<std::chrono::milliseconds>(all_.settings_.keep_alive).count());
  greeting_.append("}\n\n");
  if (begin_.other_run) write_gap(greeting_, std::nullopt);
  write_id(greeting_);
}

void EventStreams::Stream::write_id(std::string& out) {
  out.append("id: ");
  all_.backlog_.append_id(out, cursor_);
  out.append("\n\n");
  id_ = cursor_;
}

void EventStreams::Stream::write_gap(std::string& out, std::optional<Number> missed) {
  out.append("event: gap\ndata: {\"missed\": ");
  out.append(missed ? std::to_string(*missed) : "null").append("}\n\n");
  if (missed) all_.missed_ += *missed;
}

http::Producer::Progress EventStreams::Stream::produce(std::string& out, TimePoint now) {
  const std::size_t before = out.size();
  out.append(std::exchange(greeting_, {}));
  write_events(out);
  const bool all_written = cursor_ == all_.backlog_.newest();
  if (all_written && all_.stopping_) {
    out.append("event: bye\ndata: {}\n\n");
    return Progress::kEnd;
  }
  if (out.size() == before && now >= after_keep_alive(written_at_)) {
    out.append(":\n");
    if (id_ != cursor_)
      write_id(out);
    else
      out.append("\n");
  }
  if (out.size() > before) written_at_ = now;
  return all_written ? Progress::kWait : Progress::kMore;
}

void EventStreams::Stream::write_events(std::string& out) {
  const EventBacklog& backlog = all_.backlog_;
  const std::size_t most = out.size() + all_.settings_.buffer_bytes;
  if (cursor_ + 1 < backlog.oldest()) {
    const Number missed = backlog.oldest() - cursor_ - 1;
    write_gap(out, missed);
    cursor_ += missed;
  }
  for (std::size_t looks = 0; looks < kLooksOfAPiece && out.size() < most; ++looks) {
    if (cursor_ == backlog.newest()) return;
    ++cursor_;
    if (!filter_.accepts(backlog.at(cursor_))) continue;
    backlog.append_block(out, cursor_);
    id_ = cursor_;
    ++all_.sent_;
  }
}

EventStreams::EventStreams(const EventBacklog& backlog, const LeaseLedger& ledger,
                           EventSettings settings, std::string server)
    : backlog_(backlog), ledger_(ledger), settings_(settings), server_(std::move(server)) {}

EventStreams::~EventStreams() {
  THROTTLE_CHECK(open_.empty());
}

http::Response EventStreams::open(const http::Call& call, std::int64_t wall_us) {
  std::string since;
  auto filter = read_query(call.request, since);
  if (!filter) return {.status = 400, .body = filter.error().message};
  if (!call.request.last_event_id.empty()) since = call.request.last_event_id;
  const auto begin = begin_at(since);
  if (!begin) return {.status = 400, .body = begin.error().message};
  if (stopping_) return unavailable("The server stops. Try again in some seconds.\n");
  if (open_.size() >= settings_.max_streams) {
    ++refused_;
    return unavailable("There are " + std::to_string(settings_.max_streams) +
                       " streams of events already (max_streams in [events]). Try again later.\n");
  }
  auto stream = std::make_unique<Stream>(*this, call, *std::move(filter), *begin);
  stream->greet(wall_us);
  http::Response response{.content_type = http::kEventStreamType};
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  response.producer = std::move(stream);
  response.flow_bound = http::FlowBound::kOwn;
  return response;
}

Result<EventStreams::Filter> EventStreams::read_query(const http::Request& request,
                                                      std::string& since) const {
  const auto pairs = http::parse_query(request.query);
  if (!pairs) return fail(ErrorCode::kInvalidArgument, "Invalid query: " + pairs.error().message);
  Filter filter;
  for (const http::QueryPair& pair : *pairs) {
    if (pair.name == "semaphore") {
      const auto semaphore = ledger_.semaphore(pair.value);
      if (!semaphore)
        return fail(ErrorCode::kInvalidArgument, "Unknown semaphore " + quote(pair.value));
      filter.semaphores.push_back(semaphore->index);
    } else if (pair.name == "kind") {
      const auto kind = std::ranges::find(kKinds, pair.value, &word_of);
      if (kind == kKinds.end())
        return fail(ErrorCode::kInvalidArgument,
                    "Unknown kind " + quote(pair.value) + ": expected one of " + all_kinds());
      filter.kinds |= bit(*kind);
    } else if (pair.name == "since") {
      if (!since.empty())
        return fail(ErrorCode::kInvalidArgument, "Invalid query: since: given twice");
      since = pair.value;
    }
  }
  return filter;
}

// What follows an id of this run; all there is, and a gap, for one of another run.
Result<EventStreams::Begin> EventStreams::begin_at(std::string_view id) const {
  if (id.empty()) return Begin{.after = backlog_.newest()};
  const std::size_t point = id.find('.');
  const auto run = parse_number(id.substr(0, point));
  const auto number =
      point == std::string_view::npos ? std::nullopt : parse_number(id.substr(point + 1));
  if (!run || !number)
    return fail(ErrorCode::kInvalidArgument,
                "Unknown id " + quote(id) + ": expected RUN.N, as the events have it");
  if (*run != backlog_.run()) return Begin{.after = backlog_.oldest() - 1, .other_run = true};
  if (*number > backlog_.newest())
    return fail(ErrorCode::kInvalidArgument,
                "Unknown id " + quote(id) + ": no event of this run has it yet");
  return Begin{.after = *number};
}

void EventStreams::wake(TimePoint now, const std::function<void(http::ExchangeId)>& resume) {
  for (Stream* const stream : open_)
    if (stream->wake(now)) resume(stream->exchange());
}

TimePoint EventStreams::next_comment() const {
  TimePoint next = kNever;
  for (const Stream* const stream : open_)
    next = std::min(next, stream->next_wake());
  return next;
}

void EventStreams::write_metrics(telemetry::Exposition& page) const {
  page.gauge("throttle_event_streams", "Open streams of GET /events.")
      .add({}, std::uint64_t{open_.size()});
  page.counter("throttle_event_streams_opened_total", "Streams of GET /events that were opened.")
      .add({}, opened_);
  page.counter("throttle_event_streams_refused_total",
               "Streams of GET /events refused because max_streams were open.")
      .add({}, refused_);
  page.counter("throttle_event_stream_sent_total", "Events sent to streams.").add({}, sent_);
  page.counter("throttle_event_stream_missed_total",
               "Events that streams were too late for: they read too slowly, or resumed too late.")
      .add({}, missed_);
}

}  // namespace throttle::pages
