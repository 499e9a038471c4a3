// `info` and `runs`.
#include "libthrottle/inspect/file_commands.h"

#include <array>
#include <cstdio>

#include "libthrottle/core/text.h"
#include "libthrottle/inspect/journals.h"

namespace throttle::inspect {

namespace {

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array<const char*, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return counted(bytes, "byte");
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit)
    value /= 1024;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits[unit]);
  return text.data();
}

void print_info(Output& out, const std::string& path, const journal::FileFacts& facts) {
  const Zone zone = out.style().zone;
  out.line(path);
  out.line("  server     " + facts.name);
  out.line("  id         " + facts.id + ", version " + std::to_string(facts.version));
  out.line("  created    " + format_time(facts.created_us, zone));
  out.line("  size       " + bytes_text(facts.bytes));
  if (facts.events == 0) {
    out.line("  events     none");
    return;
  }
  out.line("  events     " + std::to_string(facts.events) + ", " + std::to_string(facts.first_seq) +
           " to " + std::to_string(facts.last_seq) + ", " + format_time(facts.first_us, zone) +
           " to " + format_time(facts.last_us, zone));
  if (facts.pruned_seq > 0)
    out.line("  deleted    the events up to " + std::to_string(facts.pruned_seq) +
             ", by retention");
  out.line("  runs       " + std::to_string(facts.runs));
  out.line("  open       " + counted(facts.leases, "lease") + ", " + counted(facts.waits, "wait"));
  out.line("  besides    " + counted(facts.connections, "connection") + ", " +
           counted(facts.refusals, "refusal"));
  out.line("  commits    " + std::to_string(facts.batches) + ", the last at " +
           format_time(facts.committed_us, zone));
  out.line("  head       " + std::to_string(facts.last_batch_no) + ':' +
           std::to_string(facts.last_seq) + ':' + facts.head_hash);
}

Row info_row(const std::string& path, const journal::FileFacts& facts) {
  const bool any = facts.events > 0;
  const auto if_any = [any](std::int64_t value) { return any ? Cell(value) : Cell(); };
  return {facts.name,
          path,
          facts.id,
          facts.version,
          facts.created_us,
          facts.bytes,
          facts.events,
          if_any(facts.first_seq),
          if_any(facts.last_seq),
          if_any(facts.first_us),
          if_any(facts.last_us),
          facts.pruned_seq,
          facts.runs,
          facts.leases,
          facts.waits,
          facts.connections,
          facts.refusals,
          facts.batches,
          if_any(facts.committed_us),
          cell(any ? std::to_string(facts.last_batch_no) + ':' + std::to_string(facts.last_seq) +
                         ':' + facts.head_hash
                   : std::string())};
}

}  // namespace

Result<Exit> show_info(Context& context) {
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  using enum ColumnKind;
  if (!context.out.is_for_people()) {
    auto begun = context.out.begin({{"SERVER"},
                                    {"FILE"},
                                    {"ID"},
                                    {"VERSION", kNumber},
                                    {"CREATED", kTime},
                                    {"BYTES", kNumber},
                                    {"EVENTS", kNumber},
                                    {"FIRST SEQ", kNumber},
                                    {"LAST SEQ", kNumber},
                                    {"FIRST", kTime},
                                    {"LAST", kTime},
                                    {"PRUNED SEQ", kNumber},
                                    {"RUNS", kNumber},
                                    {"LEASES", kNumber},
                                    {"WAITS", kNumber},
                                    {"CONNECTIONS", kNumber},
                                    {"REFUSALS", kNumber},
                                    {"COMMITS", kNumber},
                                    {"COMMITTED", kTime},
                                    {"HEAD"}});
    if (!begun) return tl::unexpected(begun.error());
  }
  for (OpenJournal& journal : *journals) {
    const auto facts = journal::read_facts(journal.reader);
    if (!facts) return tl::unexpected(facts.error());
    if (context.out.is_for_people())
      print_info(context.out, journal.reader.path(), *facts);
    else
      context.out.add(info_row(journal.reader.path(), *facts));
  }
  if (!context.out.is_for_people()) context.out.end();
  return Exit::kShown;
}

Result<Exit> show_runs(Context& context) {
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  using enum ColumnKind;
  auto begun = context.out.begin(with_server(*journals, {{"RUN", kNumber},
                                                         {"STARTED", kTime},
                                                         {"LAST COMMIT", kTime},
                                                         {"ENDED"},
                                                         {"TOOL"},
                                                         {"VERSION"},
                                                         {"HOST"},
                                                         {"PID", kNumber},
                                                         {"FIRST SEQ", kNumber},
                                                         {"LAST SEQ", kNumber},
                                                         {"ID", kId, true}}));
  if (!begun) return tl::unexpected(begun.error());
  for (OpenJournal& journal : *journals) {
    const auto runs = journal::read_runs(journal.reader);
    if (!runs) return tl::unexpected(runs.error());
    for (const journal::RunFacts& run : *runs) {
      const bool last = &run == &runs->back();
      context.out.add({journal.server, run.run_no, run.started_us, run.last_commit_us,
                       std::string(run.stopped ? "stopped"
                                   : last      ? "open"
                                               : "lost"),
                       run.tool, run.version, run.host, run.pid, run.first_seq, run.last_seq,
                       static_cast<std::int64_t>(run.id)});
    }
  }
  context.out.end();
  return Exit::kShown;
}

}  // namespace throttle::inspect
