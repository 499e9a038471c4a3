// `history`: every event, the newest last.
#include <vector>

#include <nlohmann/json.hpp>

#include "libthrottle/inspect/history_commands.h"
#include "libthrottle/inspect/journals.h"
#include "libthrottle/journal/schema.h"

namespace throttle::inspect {

namespace {

using journal::EventText;
using journal::Kind;

// Which events are shown.
struct Filter {
  std::optional<PeerPattern> peer;
  std::vector<std::string> semaphores;
  std::vector<std::string> kinds;

  bool accepts(const EventText& event) const {
    if (peer) {
      if (!event.peer) return false;
      const auto id = static_cast<std::uint64_t>(*event.peer);
      if (!peer->accepts(id, event.client, event.label)) return false;
    }
    const auto has = [](const std::vector<std::string>& names, std::string_view text) {
      for (const std::string& name : names)
        if (matches(name, text)) return true;
      return names.empty();
    };
    return has(semaphores, event.semaphore) && has(kinds, journal::kind_name(event.kind_no));
  }
};

Result<Filter> filter_of(const Context& context) {
  Filter filter;
  if (!context.given.words.empty()) {
    auto peer = PeerPattern::parse(context.given.words.front());
    if (!peer) return tl::unexpected(peer.error());
    filter.peer = *std::move(peer);
  }
  filter.semaphores = context.given.values("semaphore");
  filter.kinds = context.given.values("kind");
  for (const std::string& kind : filter.kinds) {
    bool known = kind.find('*') != std::string::npos;
    for (const journal::Word& word : journal::kKindWords)
      known = known || word.name == kind;
    if (!known)
      return fail(ErrorCode::kInvalidArgument,
                  "--kind: there is no kind " + kind + "; docs/inspect.md lists them.");
  }
  return filter;
}

// What a rare kind says besides its columns: "why=paused, by=ops".
std::string detail_text(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!json.is_object()) return std::string(text);
  using Replace = nlohmann::ordered_json::error_handler_t;
  std::string shown;
  for (const auto& [key, value] : json.items()) {
    if (!shown.empty()) shown += ", ";
    shown += key + '=' +
             (value.is_string() ? value.get<std::string>()
                                : value.dump(-1, ' ', false, Replace::replace));
  }
  return shown;
}

Row row_of(const OpenJournal& journal, const EventText& event) {
  const bool restored = event.kind_no == static_cast<std::int64_t>(Kind::kRestored);
  std::string what(journal::kind_name(event.kind_no));
  if (what.empty()) what = std::to_string(event.kind_no);
  std::string more = event.detail.empty() ? std::string() : detail_text(event.detail);
  if (restored && event.excess.value_or(0) > 0)
    more += "over by " + std::to_string(*event.excess) + (more.empty() ? "" : ", ") + more;
  return {journal.server,
          event.seq,
          event.at_us,
          what,
          cell(event.semaphore),
          cell(event.peer),
          cell(event.client),
          cell(event.label),
          cell(event.count),
          cell(event.span_us),
          cell(journal::cause_name(event.cause_no)),
          cell(more),
          cell(event.since_seq),
          cell(event.token),
          cell(event.excess)};
}

}  // namespace

Result<Exit> show_history(Context& context) {
  const auto filter = filter_of(context);
  if (!filter) return tl::unexpected(filter.error());
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  using enum ColumnKind;
  auto begun = context.out.begin(with_server(*journals, {{"SEQ", kNumber},
                                                         {"AT", kInstant},
                                                         {"EVENT"},
                                                         {"SEMAPHORE"},
                                                         {"PEER", kId},
                                                         {"CLIENT"},
                                                         {"LABEL", kLabel},
                                                         {"COUNT", kNumber},
                                                         {"SPAN", kSpan},
                                                         {"CAUSE"},
                                                         {"DETAIL", kLabel},
                                                         {"SINCE SEQ", kNumber, true},
                                                         {"TOKEN", kNumber, true},
                                                         {"EXCESS", kNumber, true}}));
  if (!begun) return tl::unexpected(begun.error());
  std::size_t shown = 0;
  for (OpenJournal& journal : *journals) {
    const auto range = asked_range(context, journal);
    if (!range) return tl::unexpected(range.error());
    auto done = journal::visit_events(journal.reader, *range, [&](const EventText& event) {
      if (filter->accepts(event)) {
        context.out.add(row_of(journal, event));
        ++shown;
      }
      return context.out.is_open();
    });
    if (!done) return tl::unexpected(done.error());
  }
  context.out.end();
  // A peer that was named must be there; of a time nothing need be.
  return filter->peer && shown == 0 ? Exit::kDiffers : Exit::kShown;
}

}  // namespace throttle::inspect
