// `incidents`: gaps, lost runs, over-commits, peers removed by force, steps of the clock, notes;
// and summed up, expiries by client and refusals by reason.
#include <algorithm>
#include <map>
#include <tuple>

#include "libthrottle/inspect/incident_commands.h"
#include "libthrottle/inspect/journals.h"
#include "libthrottle/journal/schema.h"

namespace throttle::inspect {

namespace {

using journal::EventText;
using journal::Kind;

struct Incident {
  std::int64_t at_us = 0;
  std::string what;
  std::string semaphore;
  std::optional<std::int64_t> peer;
  std::string client;
  std::optional<std::int64_t> count;
  std::optional<std::int64_t> span_us;
  std::string detail;
};

class Incidents {
 public:
  void add(const EventText& event);
  void add(const journal::RefusalText& refusal);
  // By time.
  std::vector<Incident> take();

 private:
  struct Sum {
    std::int64_t last_us = 0;
    std::int64_t count = 0;
    std::string client;
  };
  using Key = std::pair<std::string, std::string>;

  void add_single(const EventText& event, std::string_view what);
  void add_lost(const EventText& event);

  std::vector<Incident> found_;
  std::map<Key, Sum> expiries_;  // by client and semaphore
  std::map<Key, Sum> refusals_;  // by reason, and by semaphore or proxy
};

void Incidents::add_single(const EventText& event, std::string_view what) {
  found_.push_back({.at_us = event.at_us,
                    .what = std::string(what),
                    .semaphore = std::string(event.semaphore),
                    .peer = event.peer,
                    .client = std::string(event.client),
                    .count = event.count,
                    .span_us = event.span_us,
                    .detail = std::string(event.detail)});
}

// The end of a lease that a crash left open; those of one crash are one incident.
void Incidents::add_lost(const EventText& event) {
  if (!found_.empty() && found_.back().what == "lost run") {
    ++*found_.back().count;
    return;
  }
  found_.push_back({.at_us = event.at_us,
                    .what = "lost run",
                    .semaphore = {},
                    .peer = {},
                    .client = {},
                    .count = 1,
                    .span_us = {},
                    .detail = "leases and waits were open"});
}

void Incidents::add(const EventText& event) {
  const auto cause = static_cast<journal::EndCause>(event.cause_no);
  switch (static_cast<Kind>(event.kind_no)) {
    case Kind::kGap:
    case Kind::kKicked:
    case Kind::kNote:
      return add_single(event, journal::kind_name(event.kind_no));
    case Kind::kReloadRefused:
      return add_single(event, "reload refused");
    case Kind::kClockStepped:
      return add_single(event, "clock step");
    case Kind::kExcess:
      add_single(event, event.excess.value_or(0) > 0 ? "over-commit" : "over-commit ends");
      found_.back().count = event.excess;
      if (event.excess.value_or(0) > 0)
        found_.back().detail =
            event.peer ? "restored beyond the full count" : "the full count was lowered";
      return;
    case Kind::kLeaseEnded:
    case Kind::kWaitEnded:
      if (cause == journal::EndCause::kLost) return add_lost(event);
      if (cause == journal::EndCause::kExpired) {
        Sum& sum = expiries_[{std::string(host_of(event.client)), std::string(event.semaphore)}];
        sum.last_us = event.at_us;
        ++sum.count;
      }
      return;
    default:
      return;
  }
}

void Incidents::add(const journal::RefusalText& refusal) {
  Sum& sum =
      refusals_[{std::string(refusal.reason),
                 std::string(refusal.semaphore.empty() ? refusal.proxy : refusal.semaphore)}];
  sum.last_us = refusal.to_us;
  sum.count += refusal.count;
  sum.client = refusal.last_client;
}

std::vector<Incident> Incidents::take() {
  for (const auto& [key, sum] : expiries_)
    found_.push_back({.at_us = sum.last_us,
                      .what = "expired",
                      .semaphore = key.second,
                      .peer = {},
                      .client = key.first,
                      .count = sum.count,
                      .span_us = {},
                      .detail = "the last one then"});
  for (const auto& [key, sum] : refusals_)
    found_.push_back({.at_us = sum.last_us,
                      .what = "refused",
                      .semaphore = key.second,
                      .peer = {},
                      .client = sum.client,
                      .count = sum.count,
                      .span_us = {},
                      .detail = key.first + ", the last one then"});
  std::ranges::stable_sort(found_, {}, &Incident::at_us);
  return std::move(found_);
}

}  // namespace

Result<Exit> show_incidents(Context& context) {
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  using enum ColumnKind;
  auto begun = context.out.begin(with_server(*journals, {{"AT", kInstant},
                                                         {"WHAT"},
                                                         {"SEMAPHORE"},
                                                         {"PEER", kId},
                                                         {"CLIENT"},
                                                         {"COUNT", kNumber},
                                                         {"SPAN", kSpan},
                                                         {"DETAIL", kLabel}}));
  if (!begun) return tl::unexpected(begun.error());
  for (OpenJournal& journal : *journals) {
    const auto range = asked_range(context, journal);
    if (!range) return tl::unexpected(range.error());
    const auto times = asked_times(context, journal);
    if (!times) return tl::unexpected(times.error());
    Incidents incidents;
    auto done = journal::visit_events(journal.reader, *range, [&](const EventText& event) {
      incidents.add(event);
      return true;
    });
    if (done)
      done = journal::visit_refusals(journal.reader, [&](const journal::RefusalText& refusal) {
        if (times->overlaps(refusal.from_us, refusal.to_us)) incidents.add(refusal);
      });
    if (!done) return tl::unexpected(done.error());
    for (const Incident& one : incidents.take())
      context.out.add({journal.server, one.at_us, one.what, cell(one.semaphore), cell(one.peer),
                       cell(one.client), cell(one.count), cell(one.span_us), cell(one.detail)});
  }
  context.out.end();
  return Exit::kShown;
}

}  // namespace throttle::inspect
