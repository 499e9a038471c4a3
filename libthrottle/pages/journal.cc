// The journal in numbers, as metrics and as JSON.
#include "libthrottle/pages/journal.h"

#include <chrono>
#include <string_view>

#include <nlohmann/json.hpp>

#include "libthrottle/core/sha256.h"

namespace throttle::pages {

namespace {

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

double seconds_of(journal::Integer micros) {
  return static_cast<double>(micros) / 1e6;
}

}  // namespace

void write_journal(const JournalState& state, telemetry::Exposition& page) {
  const journal::WriterStats& writer = state.writer;
  page.gauge("throttle_journal_up", "1 while the journal's file is open, 0 while it is not.")
      .add({}, std::uint64_t{writer.up ? 1U : 0U});
  page.counter("throttle_journal_events_total", "Events written to the journal.")
      .add({}, writer.events);
  page.counter("throttle_journal_lost_events_total", "Events that are not in the journal.")
      .add({{"reason", "queue_full"}}, state.lost);
  page.counter("throttle_journal_gaps_total", "Times that events began to be lost.")
      .add({}, state.gaps);
  page.gauge("throttle_journal_queued_events", "Records that wait for the journal's writer.")
      .add({}, std::uint64_t{state.queued});
  page.gauge("throttle_journal_lag_seconds",
             "How long the oldest event that is not in the file yet has waited.")
      .add({}, seconds(state.lag));
  page.counter("throttle_journal_commits_total", "Commits of the journal.").add({}, writer.commits);
  page.counter("throttle_journal_commit_seconds_total", "Time that commits of the journal took.")
      .add({}, writer.commit_seconds);
  page.gauge("throttle_journal_commit_seconds", "Time that the last commit took.")
      .add({}, writer.last_commit_seconds);
  auto& errors =
      page.counter("throttle_journal_errors_total", "Errors of the journal by SQLite's code.");
  for (const auto& [code, count] : writer.errors)
    errors.add({{"code", std::to_string(code)}}, count);
  page.gauge("throttle_journal_size_bytes", "Size of the journal without its free pages.")
      .add({}, writer.bytes);
  page.gauge("throttle_journal_wal_bytes", "Size of the journal's write-ahead log.")
      .add({}, writer.wal_bytes);
  page.counter("throttle_journal_pruned_events_total", "Events deleted because they were old.")
      .add({}, writer.pruned_events);
  if (writer.oldest_us != 0) {
    page.gauge("throttle_journal_oldest_timestamp_seconds",
               "When the oldest events of the journal were committed, in seconds since 1970.")
        .add({}, seconds_of(writer.oldest_us));
  }
  page.gauge("throttle_journal_pausing",
             "1 while nothing is granted because the journal is behind (when_behind = pause).")
      .add({}, std::uint64_t{state.pausing ? 1U : 0U});
}

http::Response journal_page(const JournalState& state) {
  const journal::WriterStats& writer = state.writer;
  nlohmann::ordered_json page = {
      {"path", state.path},
      {"id", writer.id},
      {"run", state.run},
      {"up", writer.up},
      {"head",
       {{"batch", writer.head.batch_no},
        {"seq", writer.head.seq},
        {"hash", to_hex(writer.head.hash)}}},
      {"events", writer.events},
      {"recorded_events", state.recorded},
      {"committed_events", state.committed},
      {"lost_events", state.lost},
      {"gaps", state.gaps},
      {"queued_events", state.queued},
      {"lag_ms", std::chrono::duration_cast<std::chrono::milliseconds>(state.lag).count()},
      {"commits", writer.commits},
      {"last_commit_us", writer.last_commit_us},
      {"size_bytes", writer.bytes},
      {"wal_bytes", writer.wal_bytes},
      {"pruned_events", writer.pruned_events},
      {"oldest_us", writer.oldest_us},
      {"pausing", state.pausing},
      {"last_error", nullptr}};
  if (!writer.last_error.empty()) page["last_error"] = writer.last_error;
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  return {.content_type = http::kJsonType, .body = page.dump(2, ' ', false, kReplace) + "\n"};
}

}  // namespace throttle::pages
