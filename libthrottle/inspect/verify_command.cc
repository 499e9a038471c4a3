// `verify`: proves a file, says what it cannot prove, and what is wrong in it.
#include <filesystem>
#include <fstream>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "libthrottle/inspect/against.h"
#include "libthrottle/inspect/file_commands.h"
#include "libthrottle/inspect/places.h"
#include "libthrottle/journal/verification.h"

namespace throttle::inspect {

namespace {

using journal::Report;

constexpr std::size_t kShownViolations = 100;

Result<void> read_log(const std::string& path, std::vector<journal::KeptHead>& heads) {
  std::ifstream log(std::filesystem::path(std::u8string(path.begin(), path.end())),
                    std::ios::binary);
  if (!log) return fail(ErrorCode::kNotFound, "--log: " + path + " cannot be read.");
  std::size_t found = 0;
  for (std::string line; std::getline(log, line);) {
    if (auto head = journal::head_of_line(line)) {
      heads.push_back(*std::move(head));
      ++found;
    }
  }
  if (found == 0)
    return fail(ErrorCode::kInvalidArgument,
                "--log: " + path + " has no line with \"journal head\".");
  return {};
}

Result<journal::VerificationOptions> options_of(const Context& context) {
  journal::VerificationOptions options;
  for (const std::string& text : context.given.values("head")) {
    auto head = journal::parse_head(text);
    if (!head) return fail(ErrorCode::kInvalidArgument, "--head: " + head.error().message);
    options.heads.push_back(*std::move(head));
  }
  for (const std::string& path : context.given.values("log")) {
    if (auto done = read_log(path, options.heads); !done) return tl::unexpected(done.error());
  }
  return options;
}

std::string peers_text(const std::set<std::uint64_t>& peers) {
  constexpr std::size_t kMost = 5;
  std::string text;
  std::size_t shown = 0;
  for (const std::uint64_t peer : peers) {
    if (shown++ == kMost) return text + " and " + std::to_string(peers.size() - kMost) + " more";
    text += (text.empty() ? "" : ", ") + std::to_string(peer);
  }
  return text;
}

std::string overcommit_text(const journal::OverCommit& over) {
  std::string text = over.semaphore + ' ' + std::to_string(over.peak) + " of " +
                     std::to_string(over.full) + ", " + over.cause;
  if (!over.peers.empty()) text += ", restored by " + peers_text(over.peers);
  return text;
}

// "tokens ok · order ok": a word a rule, for rules that need no sentence.
std::string words_of(const Report& report) {
  using enum journal::Rule;
  std::string text;
  for (const journal::Rule rule :
       {kFile, kHole, kTime, kPairs, kOrder, kTokens, kHierarchy, kWakeUps, kLive, kConnections}) {
    text += (text.empty() ? "" : " · ") + std::string(rule_name(rule)) +
            (report.has(rule) ? " VIOLATED" : " ok");
  }
  return text;
}

std::string verdict(const Report& report) {
  if (report.violation_count > 0)
    return "Violated: " + counted(report.violation_count, "finding") + '.';
  if (report.reservations.empty()) return "Proven.";
  return "Proven, with " + counted(report.reservations.size(), "reservation") + '.';
}

std::string when(std::int64_t from_us, std::int64_t to_us, Zone zone) {
  std::string text = format_time(from_us, zone);
  if (to_us == 0) return text + " to the end";
  return text + " for " + format_span(to_us - from_us);
}

void print_report(Output& out, const std::string& path, const Report& report) {
  using enum journal::Rule;
  const Zone zone = out.style().zone;
  out.line(path + "  " + counted(report.events, "event") +
           (report.events == 0 ? std::string()
                               : ", " + format_time(report.first_us, zone) + " to " +
                                     format_time(report.last_us, zone)) +
           ", " + counted(report.runs, "run"));
  out.line(std::string("chain     ") + (report.has(kChain) ? "VIOLATED" : "ok") + "  " +
           counted(report.batches, "batch", "batches") +
           (report.heads > 0 ? "; " + counted(report.heads, "kept head matches", "kept heads match")
                             : std::string()));
  const bool over = report.has(kLimit) || report.has(kOverCommit);
  const auto declared = static_cast<std::int64_t>(report.overcommits.size());
  out.line(std::string("limit     ") + (over ? "VIOLATED" : "ok  never exceeded") +
           (declared == 0 ? ""
                          : (over ? "  outside " : " outside ") +
                                counted(declared, "declared interval") + ':'));
  for (const journal::OverCommit& interval : report.overcommits)
    out.line("              " + when(interval.from_us, interval.to_us, zone) + ", " +
             overcommit_text(interval));
  out.line(words_of(report));
  if (report.counters > 0 || report.has(kCounters))
    out.line(std::string("counters  ") + (report.has(kCounters) ? "VIOLATED" : "ok") + "  " +
             counted(report.counters, "counter") + " of the server");
  out.line("open      " + counted(report.leases, "lease") + ", " + counted(report.waits, "wait"));
  for (const journal::Reservation& reservation : report.reservations)
    out.line("NOT PROVABLE  " + when(reservation.from_us, reservation.to_us, zone) + "  " +
             reservation.text);
  for (std::size_t i = 0; i < report.violations.size() && i < kShownViolations; ++i) {
    const journal::Violation& violation = report.violations[i];
    out.line("VIOLATED " + std::string(rule_name(violation.rule)) + " seq " +
             std::to_string(violation.seq) + ": " + violation.text);
  }
  if (report.violation_count > kShownViolations)
    out.line("… and " + std::to_string(report.violation_count - kShownViolations) + " more");
  out.line(verdict(report));
}

void add_rows(Output& out, const std::string& path, const Report& report) {
  const std::string result = report.violation_count > 0    ? "violated"
                             : report.reservations.empty() ? "proven"
                                                           : "proven with reservations";
  out.add({path, result, {}, {}, report.first_us, report.last_us, report.events, verdict(report)});
  for (const journal::OverCommit& over : report.overcommits)
    out.add({path,
             std::string("declared"),
             std::string("over-commit"),
             over.seq,
             over.from_us,
             over.to_us == 0 ? Cell() : Cell(over.to_us),
             {},
             overcommit_text(over)});
  for (const journal::Reservation& one : report.reservations)
    out.add({path, std::string("not provable"), {}, {}, one.from_us, one.to_us, {}, one.text});
  for (const journal::Violation& one : report.violations)
    out.add({path,
             std::string("violation"),
             std::string(rule_name(one.rule)),
             one.seq,
             {},
             {},
             {},
             one.text});
}

// The server of --against.
Result<std::optional<ServerPlace>> server_against(const Context& context) {
  if (!context.given.has("against")) return std::nullopt;
  auto address = parse_server(context.given.value("against"));
  if (!address) return fail(ErrorCode::kInvalidArgument, "--against: " + address.error().message);
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  place->address = *std::move(address);
  return *std::move(place);
}

Result<Report> verify_one(const std::string& path, const journal::VerificationOptions& options,
                          const std::optional<ServerPlace>& server) {
  if (!server) return journal::verify_file(path, options);
  const auto against = Against::before(*server, path);
  if (!against) return tl::unexpected(against.error());
  auto report = journal::verify_file(path, options);
  if (!report) return report;
  if (auto done = against->compare(*server, *report); !done) return tl::unexpected(done.error());
  return report;
}

Result<void> begin_table(Output& out) {
  using enum ColumnKind;
  return out.begin({{"FILE"},
                    {"RESULT"},
                    {"RULE"},
                    {"SEQ", kNumber},
                    {"FROM", kInstant},
                    {"TO", kInstant},
                    {"EVENTS", kNumber},
                    {"TEXT"}});
}

}  // namespace

Result<Exit> verify(Context& context) {
  const auto places = journal_places(context);
  if (!places) return tl::unexpected(places.error());
  const auto options = options_of(context);
  if (!options) return tl::unexpected(options.error());
  const auto server = server_against(context);
  if (!server) return tl::unexpected(server.error());
  if (places->size() > 1 && (!options->heads.empty() || *server))
    return fail(ErrorCode::kInvalidArgument,
                "--head, --log and --against are about one journal; name one with -j.");
  const bool for_people = context.out.is_for_people();
  if (!for_people) {
    if (auto begun = begin_table(context.out); !begun) return tl::unexpected(begun.error());
  }
  Exit exit = Exit::kShown;
  for (const std::string& path : *places) {
    const auto report = verify_one(path, *options, *server);
    if (!report) return tl::unexpected(report.error());
    if (for_people)
      print_report(context.out, path, *report);
    else
      add_rows(context.out, path, *report);
    const bool reserved = context.given.has("strict") && !report->reservations.empty();
    if (report->violation_count > 0 || reserved) exit = Exit::kDiffers;
  }
  if (!for_people) context.out.end();
  return exit;
}

}  // namespace throttle::inspect
