// Opens journals and finds places in them.
#include "libthrottle/inspect/journals.h"

#include <charconv>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "libthrottle/inspect/places.h"

namespace throttle::inspect {

Result<std::vector<OpenJournal>> open_journals(const Context& context) {
  const auto places = journal_places(context);
  if (!places) return tl::unexpected(places.error());
  std::vector<OpenJournal> journals;
  for (const std::string& place : *places) {
    auto reader = journal::Reader::open(place);
    if (!reader) return tl::unexpected(reader.error());
    const auto name = reader->database().query_text("SELECT name FROM journal");
    if (!name) return tl::unexpected(journal::reading_error(place, name.error()));
    journals.push_back({std::move(*reader), *name});
  }
  THROTTLE_CHECK(!journals.empty());
  return journals;
}

Columns with_server(const std::vector<OpenJournal>& journals, Columns columns) {
  columns.insert(columns.begin(),
                 {.heading = "SERVER", .kind = ColumnKind::kText, .wide = journals.size() < 2});
  return columns;
}

namespace {

Result<std::int64_t> time_of(OpenJournal& journal, const Moment& moment) {
  if (moment.is == Moment::Is::kTime) return moment.value;
  const auto seq = seq_of(journal, moment);
  if (!seq) return tl::unexpected(seq.error());
  return journal::time_at(journal.reader, *seq);
}

}  // namespace

Result<std::int64_t> seq_before(OpenJournal& journal, const Moment& moment) {
  switch (moment.is) {
    case Moment::Is::kTime:
      return journal::seq_at(journal.reader, moment.value - 1);
    case Moment::Is::kRun: {
      auto first = journal::first_seq_of_run(journal.reader, moment.value);
      if (first) --*first;
      return first;
    }
    case Moment::Is::kSeq:
      return moment.value - 1;
  }
  return 0;
}

Result<std::int64_t> seq_of(OpenJournal& journal, const Moment& moment) {
  switch (moment.is) {
    case Moment::Is::kTime:
      return journal::seq_at(journal.reader, moment.value);
    case Moment::Is::kRun:
      return journal::first_seq_of_run(journal.reader, moment.value);
    case Moment::Is::kSeq:
      return moment.value;
  }
  return 0;
}

Result<journal::SeqRange> asked_range(const Context& context, OpenJournal& journal) {
  journal::SeqRange range;
  const auto since = context.moment("since");
  if (!since) return tl::unexpected(since.error());
  if (*since) {
    const auto seq = seq_before(journal, **since);
    if (!seq) return tl::unexpected(seq.error());
    range.after = *seq;
  }
  const auto until = context.moment("until");
  if (!until) return tl::unexpected(until.error());
  if (*until) {
    const auto seq = seq_of(journal, **until);
    if (!seq) return tl::unexpected(seq.error());
    range.last = *seq;
  }
  if (range.last < range.after) range.last = range.after;
  return range;
}

Result<TimeRange> asked_times(const Context& context, OpenJournal& journal) {
  TimeRange times;
  const auto since = context.moment("since");
  if (!since) return tl::unexpected(since.error());
  if (*since) {
    const auto time = time_of(journal, **since);
    if (!time) return tl::unexpected(time.error());
    times.from_us = *time;
  }
  const auto until = context.moment("until");
  if (!until) return tl::unexpected(until.error());
  if (*until) {
    const auto time = time_of(journal, **until);
    if (!time) return tl::unexpected(time.error());
    times.to_us = *time;
  }
  return times;
}

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (;; text.remove_prefix(1)) {
    if (matches(pattern, text)) return true;
    if (text.empty()) return false;
  }
}

std::string_view host_of(std::string_view client) {
  if (client.starts_with('[')) return client.substr(1, client.find(']') - 1);
  const std::size_t colon = client.find(':');
  const bool one = colon != std::string_view::npos && colon == client.rfind(':');
  return one ? client.substr(0, colon) : client;
}

Result<PeerPattern> PeerPattern::parse(std::string_view text) {
  constexpr std::string_view kClient = "client:";
  constexpr std::string_view kLabel = "label:";
  PeerPattern pattern;
  if (text.starts_with(kClient)) {
    pattern.is_ = Is::kClient;
    pattern.text_ = text.substr(kClient.size());
    return pattern;
  }
  if (text.starts_with(kLabel)) {
    pattern.is_ = Is::kLabel;
    pattern.text_ = text.substr(kLabel.size());
    return pattern;
  }
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, pattern.id_);
  if (error == std::errc() && stop == end) return pattern;
  return fail(ErrorCode::kInvalidArgument,
              quote(text) + " is no peer. Write its id, client:10.0.0.9 or label:nightly*.");
}

bool PeerPattern::accepts(std::uint64_t id, std::string_view client, std::string_view label) const {
  switch (is_) {
    case Is::kId:
      return id == id_;
    case Is::kClient:
      return matches(text_, client) || matches(text_, host_of(client));
    case Is::kLabel:
      return matches(text_, label);
  }
  return false;
}

}  // namespace throttle::inspect
