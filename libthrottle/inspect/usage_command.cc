// `usage`: by pieces of time, with a heat map for weeks, or by clients and labels.
#include "libthrottle/inspect/usage_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>

#include "libthrottle/core/text.h"
#include "libthrottle/inspect/journals.h"
#include "libthrottle/inspect/usage.h"

namespace throttle::inspect {

namespace {

constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

using Names = std::map<std::int64_t, std::string>;

struct Range {
  journal::SeqRange seqs;
  TimeRange times;
};

Result<void> add_refusals(OpenJournal& journal, const TimeRange& times, const Names& names,
                          Usage& usage) {
  return journal::visit_refusals(journal.reader, [&](const journal::RefusalText& refusal) {
    if (!times.overlaps(refusal.from_us, refusal.to_us)) return;
    const std::int64_t at_us = std::max(refusal.from_us, times.from_us);
    for (const auto& [number, name] : names)
      if (name == refusal.semaphore) usage.add_refusals(number, at_us, refusal.count);
  });
}

Result<Usage> usage_of(OpenJournal& journal, const Range& asked, Usage usage, const Names& names) {
  const journal::SeqRange range = asked.seqs;
  const auto full = journal::full_counts_after(journal.reader, range.after);
  if (!full) return tl::unexpected(full.error());
  const auto open = journal::open_after(journal.reader, range.after);
  if (!open) return tl::unexpected(open.error());
  std::map<std::string, std::int64_t> held;
  for (const journal::Interval& one : *open)
    if (!one.waits) held[one.semaphore] += one.count;
  for (const auto& [number, count] : *full)
    if (const auto name = names.find(number); name != names.end())
      usage.begin(number, held[name->second], count);
  auto done =
      journal::visit_numbers(journal.reader, range, [&usage](const journal::EventNumbers& event) {
        usage.add(event);
        return true;
      });
  if (!done) return tl::unexpected(done.error());
  // A run that goes on has lasted until its last commit at least.
  const auto facts = journal::read_facts(journal.reader);
  if (!facts) return tl::unexpected(facts.error());
  if (range.last >= facts->last_seq) usage.finish(facts->committed_us);
  done = add_refusals(journal, asked.times, names, usage);
  if (!done) return tl::unexpected(done.error());
  return usage;
}

// How much of the full count was held on the average in an hour of the week; a blank if no server
// ran then.
const char* sign_of(Usage& usage, std::int64_t hour, std::int64_t semaphore_no) {
  const auto found = usage.uses().find({hour, semaphore_no});
  if (found == usage.uses().end() || found->second.alive_us == 0) return " ";
  const double full = static_cast<double>(std::max<std::int64_t>(1, found->second.full));
  const double share = found->second.mean() / full;
  if (share <= 0.05) return "·";
  if (share <= 0.3) return "░";
  if (share <= 0.6) return "▒";
  return share <= 0.9 ? "▓" : "█";
}

// A row a weekday, a sign an hour.
void print_heat_map(Output& out, Usage& usage, const Names& names) {
  for (const auto& [number, name] : names) {
    out.line(name + ": · up to 5 % of the full count held, ░ 30 %, ▒ 60 %, ▓ 90 %, █ more");
    out.line("     0     6     12    18");
    for (std::size_t day = 0; day < kDays.size(); ++day) {
      std::string line = std::string(kDays[day]) + "  ";
      for (std::size_t hour = 0; hour < 24; ++hour)
        line += sign_of(usage, static_cast<std::int64_t>(day * 24 + hour), number);
      out.line(line);
    }
  }
}

Cell piece_cell(Usage::By by, std::int64_t piece) {
  if (by != Usage::By::kWeekdayHour) return piece;
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%s %02d:00", kDays[static_cast<std::size_t>(piece / 24)],
                static_cast<int>(piece % 24));
  return std::string(text.data());
}

bool is_asked(const Context& context, std::string_view semaphore) {
  const auto patterns = context.given.values("semaphore");
  return patterns.empty() || std::ranges::any_of(patterns, [semaphore](const std::string& it) {
           return matches(it, semaphore);
         });
}

Result<void> begin_pieces(Output& out, const std::vector<OpenJournal>& journals, Usage::By by) {
  using enum ColumnKind;
  return out.begin(with_server(journals, {{by == Usage::By::kWeekdayHour ? "HOUR" : "FROM",
                                           by == Usage::By::kWeekdayHour ? kText : kTime},
                                          {"SEMAPHORE"},
                                          {"MEAN", kNumber},
                                          {"PEAK", kNumber},
                                          {"FULL", kNumber},
                                          {"AT FULL", kSpan},
                                          {"GRANTS", kNumber},
                                          {"WAIT P50", kSpan},
                                          {"WAIT P95", kSpan},
                                          {"WAIT MAX", kSpan},
                                          {"REFUSED", kNumber}}));
}

Result<Exit> show_pieces(Context& context, Usage::By by) {
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  Output& out = context.out;
  std::vector<std::tuple<std::string, Names, Usage>> all;
  for (OpenJournal& journal : *journals) {
    const auto range = asked_range(context, journal);
    if (!range) return tl::unexpected(range.error());
    const auto times = asked_times(context, journal);
    if (!times) return tl::unexpected(times.error());
    const auto semaphores = journal::read_semaphores(journal.reader);
    if (!semaphores) return tl::unexpected(semaphores.error());
    Names names;
    for (const journal::SemaphoreFacts& semaphore : *semaphores)
      if (is_asked(context, semaphore.name)) names[semaphore.semaphore_no] = semaphore.name;
    auto usage = usage_of(journal, {*range, *times}, Usage(by, out.style().zone), names);
    if (!usage) return tl::unexpected(usage.error());
    if (by == Usage::By::kWeekdayHour) print_heat_map(out, *usage, names);
    all.emplace_back(journal.server, std::move(names), *std::move(usage));
  }
  if (auto begun = begin_pieces(out, *journals, by); !begun) return tl::unexpected(begun.error());
  for (auto& [server, names, usage] : all) {
    for (auto& [key, use] : usage.uses()) {
      const auto name = names.find(key.semaphore_no);
      if (name == names.end() || (use.alive_us == 0 && use.waits.count() == 0)) continue;
      out.add({server, piece_cell(by, key.piece), name->second, use.mean(), use.peak, use.full,
               use.at_full_us, static_cast<std::int64_t>(use.waits.count()),
               use.waits.percentile(0.5), use.waits.percentile(0.95), use.waits.max(),
               use.refused});
    }
  }
  out.end();
  return Exit::kShown;
}

struct Share {
  std::int64_t leases = 0;
  double held_us = 0;  // count × time
  Waits waits;
};

Result<Exit> show_shares(Context& context, bool by_label) {
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  using Key = std::tuple<std::string, std::string, std::string>;  // server, semaphore, client
  std::map<Key, Share> shares;
  for (OpenJournal& journal : *journals) {
    const auto range = asked_range(context, journal);
    if (!range) return tl::unexpected(range.error());
    const auto share_of = [&](const journal::Interval& one) -> Share& {
      return shares[{journal.server, one.semaphore,
                     by_label ? one.label : std::string(host_of(one.client))}];
    };
    auto done = journal::visit_intervals(
        journal.reader, *range, journal::Sort::kLeases, [&](const journal::Interval& one) {
          if (!is_asked(context, one.semaphore)) return;
          Share& share = share_of(one);
          ++share.leases;
          share.held_us += static_cast<double>(one.span_us) * static_cast<double>(one.count);
        });
    if (done)
      done = journal::visit_intervals(journal.reader, *range, journal::Sort::kWaits,
                                      [&](const journal::Interval& one) {
                                        if (is_asked(context, one.semaphore))
                                          share_of(one).waits.add(one.span_us);
                                      });
    if (!done) return tl::unexpected(done.error());
  }
  std::vector<std::pair<const Key, Share>*> order;
  order.reserve(shares.size());
  for (auto& share : shares)
    order.push_back(&share);
  std::ranges::stable_sort(order, [](const auto* one, const auto* other) {
    return one->second.held_us > other->second.held_us;
  });
  using enum ColumnKind;
  auto begun = context.out.begin(
      with_server(*journals, {{by_label ? "LABEL" : "CLIENT", by_label ? kLabel : kText},
                              {"SEMAPHORE"},
                              {"LEASES", kNumber},
                              {"HELD", kSpan},
                              {"WAITS", kNumber},
                              {"WAIT P50", kSpan},
                              {"WAIT P95", kSpan},
                              {"WAIT MAX", kSpan}}));
  if (!begun) return tl::unexpected(begun.error());
  for (auto* const share : order) {
    const auto& [server, semaphore, name] = share->first;
    Share& sum = share->second;
    context.out.add({server, cell(name), semaphore, sum.leases,
                     static_cast<std::int64_t>(sum.held_us),
                     static_cast<std::int64_t>(sum.waits.count()), sum.waits.percentile(0.5),
                     sum.waits.percentile(0.95), sum.waits.max()});
  }
  context.out.end();
  return Exit::kShown;
}

}  // namespace

Result<Exit> show_usage(Context& context) {
  const std::string by = context.given.has("by") ? context.given.value("by") : "hour";
  if (by == "hour") return show_pieces(context, Usage::By::kHour);
  if (by == "day") return show_pieces(context, Usage::By::kDay);
  if (by == "weekday-hour") return show_pieces(context, Usage::By::kWeekdayHour);
  if (by == "client" || by == "label") return show_shares(context, by == "label");
  return fail(ErrorCode::kInvalidArgument,
              "--by: expected hour, day, weekday-hour, client or label, got " + quote(by));
}

}  // namespace throttle::inspect
