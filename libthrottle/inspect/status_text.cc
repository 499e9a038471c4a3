// The line of the server and the rows of its semaphores.
#include "libthrottle/inspect/status_text.h"

#include "libthrottle/inspect/moment.h"

namespace throttle::inspect {

namespace {

// What a semaphore is doing, in a word or two.
std::string state_of(const LiveSemaphore& semaphore, const Samples& samples) {
  if (!semaphore.paused.empty()) return "paused: " + semaphore.paused;
  if (sample_of(samples, "throttle_paused", semaphore.name).value_or(0) > 0) return "paused";
  const std::int64_t held = semaphore.held_count();
  if (held > semaphore.full) return "over by " + std::to_string(held - semaphore.full);
  if (semaphore.full == 0) return "closed";
  return held == semaphore.full ? "full" : "free";
}

// Empty where the server writes none.
std::string journal_text(Server& server) {
  const auto journal = read_journal(server);
  if (!journal) return {};
  std::string text = " · journal ";
  text += journal->up ? format_span(journal->lag_us) + " behind" : std::string("not open");
  if (journal->pausing) text += ", nothing is granted until it has caught up";
  if (!journal->last_error.empty()) text += ": " + journal->last_error;
  return text;
}

}  // namespace

std::string head_line(Server& server, const Samples& samples, std::int64_t now_us) {
  std::string line = "throttle";
  if (const auto version = server.page("/version")) {
    std::string text = *version;
    text.erase(text.find_last_not_of("\r\n ") + 1);
    line += ' ' + text;
  }
  const auto started = samples.find("process_start_time_seconds");
  if (started != samples.end())
    line += ", up " + format_span(now_us - static_cast<std::int64_t>(started->second * 1e6));
  line += ", " + server.url();
  return line + journal_text(server);
}

Columns status_columns(ForWhom whom) {
  using enum ColumnKind;
  Columns columns{{"SEMAPHORE"},      {"HELD", kNumber}, {"MAX", kNumber}, {"WAITING", kNumber},
                  {"LONGEST", kSpan}, {"ORDER"},         {"STATE"}};
  if (whom == ForWhom::kPeople) columns.erase(columns.begin() + 2);
  return columns;
}

Row status_row(const LiveSemaphore& semaphore, const Samples& samples, ForWhom whom) {
  Row row{semaphore.name,
          semaphore.held_count(),
          semaphore.full,
          static_cast<std::int64_t>(semaphore.waiting.size()),
          semaphore.waiting.empty() ? Cell() : Cell(semaphore.longest_wait_us()),
          cell(semaphore.order),
          state_of(semaphore, samples)};
  if (whom == ForWhom::kPeople) {
    row[1] = std::to_string(semaphore.held_count()) + '/' + std::to_string(semaphore.full);
    row.erase(row.begin() + 2);
  }
  return row;
}

}  // namespace throttle::inspect
