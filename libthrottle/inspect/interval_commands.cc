// `holders`, `waits` and `holds`: leases and waits as whole intervals.
#include <algorithm>
#include <charconv>

#include "libthrottle/core/duration.h"
#include "libthrottle/core/text.h"
#include "libthrottle/inspect/history_commands.h"
#include "libthrottle/inspect/journals.h"

namespace throttle::inspect {

namespace {

using journal::Interval;

constexpr std::size_t kDefaultTop = 10;

bool is_asked(const Context& context, std::string_view semaphore) {
  const auto names = context.given.values("semaphore");
  return names.empty() || std::ranges::any_of(names, [semaphore](const std::string& name) {
           return matches(name, semaphore);
         });
}

Result<std::size_t> top_of(const Context& context) {
  if (!context.given.has("top")) return kDefaultTop;
  const std::string text = context.given.value("top");
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0)
    return fail(ErrorCode::kInvalidArgument,
                "--top: expected a number above 0, got " + quote(text));
  return number;
}

Result<std::int64_t> least_span(const Context& context) {
  if (!context.given.has("longer-than")) return 0;
  const auto length = parse_duration(context.given.value("longer-than"));
  if (!length) return fail(ErrorCode::kInvalidArgument, "--longer-than: " + length.error().message);
  return std::chrono::duration_cast<std::chrono::microseconds>(*length).count();
}

struct Longest {
  std::string server;
  Interval interval;
};

bool is_longer(const Longest& one, const Longest& other) {
  return one.interval.span_us > other.interval.span_us;
}

// Keeps the `most` longest, in a heap whose first one is the shortest.
void keep(std::vector<Longest>& longest, Longest one, std::size_t most) {
  longest.push_back(std::move(one));
  std::ranges::push_heap(longest, is_longer);
  if (longest.size() <= most) return;
  std::ranges::pop_heap(longest, is_longer);
  longest.pop_back();
}

Result<Exit> show_longest(Context& context, journal::Sort sort) {
  const auto top = top_of(context);
  if (!top) return tl::unexpected(top.error());
  const auto least_us = least_span(context);
  if (!least_us) return tl::unexpected(least_us.error());
  // All that are long enough, if only that was asked for.
  const bool all = context.given.has("longer-than") && !context.given.has("top");
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  std::vector<Longest> longest;
  for (OpenJournal& journal : *journals) {
    const auto range = asked_range(context, journal);
    if (!range) return tl::unexpected(range.error());
    auto done = journal::visit_intervals(journal.reader, *range, sort, [&](const Interval& one) {
      if (one.span_us < *least_us || !is_asked(context, one.semaphore)) return;
      keep(longest, {journal.server, one}, all ? SIZE_MAX : *top);
    });
    if (!done) return tl::unexpected(done.error());
  }
  std::ranges::sort_heap(longest, is_longer);
  using enum ColumnKind;
  const bool waits = sort == journal::Sort::kWaits;
  auto begun = context.out.begin(with_server(*journals, {{waits ? "WAITED" : "HELD", kSpan},
                                                         {"SEMAPHORE"},
                                                         {"COUNT", kNumber},
                                                         {"PEER", kId},
                                                         {"CLIENT"},
                                                         {"LABEL", kLabel},
                                                         {"FROM", kTime},
                                                         {"TO", kTime},
                                                         {"ENDED BY"},
                                                         {"SINCE SEQ", kNumber, true}}));
  if (!begun) return tl::unexpected(begun.error());
  for (const auto& [server, one] : longest)
    context.out.add({server, one.span_us, one.semaphore, one.count, one.peer, cell(one.client),
                     cell(one.label), one.from_us, cell(one.to_us), cell(one.ended_by),
                     one.since_seq});
  context.out.end();
  return Exit::kShown;
}

}  // namespace

Result<Exit> show_waits(Context& context) {
  return show_longest(context, journal::Sort::kWaits);
}

Result<Exit> show_holds(Context& context) {
  return show_longest(context, journal::Sort::kLeases);
}

Result<Exit> show_holders(Context& context) {
  auto moment = context.moment("at");
  if (!moment) return tl::unexpected(moment.error());
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  using enum ColumnKind;
  auto begun = context.out.begin(with_server(*journals, {{"SEMAPHORE"},
                                                         {"STATE"},
                                                         {"COUNT", kNumber},
                                                         {"PEER", kId},
                                                         {"CLIENT"},
                                                         {"LABEL", kLabel},
                                                         {"SINCE", kTime},
                                                         {"TO", kTime},
                                                         {"ENDED BY"},
                                                         {"SINCE SEQ", kNumber, true}}));
  if (!begun) return tl::unexpected(begun.error());
  for (OpenJournal& journal : *journals) {
    const auto seq = *moment ? seq_of(journal, **moment) : Result<std::int64_t>(INT64_MAX);
    if (!seq) return tl::unexpected(seq.error());
    const auto open = journal::open_after(journal.reader, *seq);
    if (!open) return tl::unexpected(open.error());
    for (const Interval& one : *open) {
      if (!is_asked(context, one.semaphore)) continue;
      context.out.add({journal.server, one.semaphore, std::string(one.waits ? "waits" : "holds"),
                       one.count, one.peer, cell(one.client), cell(one.label), one.from_us,
                       cell(one.to_us), cell(one.ended_by), one.since_seq});
    }
  }
  context.out.end();
  return Exit::kShown;
}

}  // namespace throttle::inspect
