// The parts of both tools, and the order in which they start and drain.
#include "libthrottle/app/composition.h"

#include "libthrottle/app/events_part.h"
#include "libthrottle/app/http_part.h"
#include "libthrottle/app/journal_part.h"
#include "libthrottle/app/lease_part.h"
#include "libthrottle/app/ledger_part.h"
#include "libthrottle/app/proxies_part.h"
#include "libthrottle/app/run_id.h"
#include "libthrottle/app/status_part.h"

namespace throttle::app {

namespace {

template <typename PartType, typename... Arguments>
PartType& add(Composition& composition, Arguments&&... arguments) {
  auto part = std::make_unique<PartType>(std::forward<Arguments>(arguments)...);
  PartType& added = *part;
  composition.parts.push_back(std::move(part));
  return added;
}

// The journal, where the settings name one; null where not.
JournalPart* add_journal(Composition& composition, const Context& context,
                         const config::ServerSettings& settings, std::string_view tool) {
  if (settings.journal.path.empty()) return nullptr;
  return &add<JournalPart>(composition, context, tool, settings.journal);
}

ProxiesPart::Witness witness_of(JournalPart* journal) {
  if (journal == nullptr) return nullptr;
  return [journal](std::string_view proxy, const proxy::ConnectionRecord& record) {
    journal->on_connection_ended(proxy, record);
  };
}

// With a journal, a run has one name in both.
EventsPart::Options events_options(const config::ServerSettings& settings, std::string_view tool,
                                   const JournalPart* journal) {
  return {.tool = tool,
          .run = journal == nullptr ? new_run_id() : journal->run(),
          .settings = settings.events};
}

lease::KickWitness kick_witness_of(JournalPart* journal, EventsPart& events, LedgerPart& ledger) {
  return [journal, &events, &ledger](const lease::Kick& kick) {
    ledger.on_kick(kick);
    if (journal != nullptr) journal->on_kick(kick);
    events.on_kick(kick);
  };
}

// Either may be null.
StatusPart::Trouble trouble_of(const JournalPart* journal, const ProxiesPart* proxies) {
  return [journal, proxies] {
    std::string trouble = journal == nullptr ? std::string() : journal->trouble();
    if (trouble.empty() && proxies != nullptr) trouble = proxies->trouble();
    return trouble;
  };
}

}  // namespace

// Requests and proxied connections end at the same time. The ledger is there until the last of
// them has ended, and the journal until the ledger has.
Composition compose_server(const Context& context, const config::ServerSettings& settings) {
  Composition made;
  JournalPart* const journal = add_journal(made, context, settings, "throttle-server");
  auto& events =
      add<EventsPart>(made, context, events_options(settings, "throttle-server", journal));
  auto& ledger = add<LedgerPart>(made, context);
  auto& proxies = add<ProxiesPart>(made, context, witness_of(journal));
  auto& status =
      add<StatusPart>(made, context, StatusPart::Index::kWelcome, trouble_of(journal, nullptr));
  auto& leases = add<LeasePart>(made, context, kick_witness_of(journal, events, ledger));
  auto& http = add<HttpPart>(
      made, context, HttpPart::Options{.name = "http", .listen = settings.http.listen}, settings);
  for (const auto& part : made.parts)
    http.serve(*part);
  http.serve_later(leases);
  http.serve_later(events);
  made.drain_waves = {{&status, &http, &proxies}, {&leases, &ledger, &events}};
  if (journal != nullptr) made.drain_waves.push_back({journal});
  return made;
}

// The status page shows the proxies until the last connection has ended.
Composition compose_proxy(const Context& context, const config::ServerSettings& settings) {
  Composition made;
  JournalPart* const journal = add_journal(made, context, settings, "throttle-proxy");
  auto& ledger = add<LedgerPart>(made, context);
  auto& proxies = add<ProxiesPart>(made, context, witness_of(journal));
  const auto finish = [&made, journal] {
    if (journal != nullptr) made.drain_waves.push_back({journal});
    return std::move(made);
  };
  made.drain_waves = {{&proxies}, {&ledger}};
  if (!settings.status) return finish();
  auto& events =
      add<EventsPart>(made, context, events_options(settings, "throttle-proxy", journal));
  auto& status =
      add<StatusPart>(made, context, StatusPart::Index::kRoutes, trouble_of(journal, &proxies));
  auto& http = add<HttpPart>(
      made, context, HttpPart::Options{.name = "status", .listen = *settings.status}, settings);
  for (const auto& part : made.parts)
    http.serve(*part);
  http.serve_later(events);
  made.drain_waves = {{&status, &proxies}, {&http}, {&ledger, &events}};
  return finish();
}

}  // namespace throttle::app
