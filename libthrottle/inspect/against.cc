// Reads /journal and /metrics, and compares counter by counter.
#include "libthrottle/inspect/against.h"

#include <array>
#include <chrono>
#include <string_view>
#include <thread>

#include "libthrottle/journal/reader.h"
#include "libthrottle/journal/schema.h"

namespace throttle::inspect {

namespace {

using namespace std::chrono_literals;
using journal::EndCause;

constexpr Duration kBetweenLooks = 20ms;

struct Counter {
  std::string_view semaphore;
  std::string name;  // of its sample
  std::string_view cause = {};
  std::int64_t in_file = 0;
};

// The causes that a server counts; what a stop and a crash end is only in the file.
constexpr std::array kCauses = {EndCause::kReleased,         EndCause::kExpired,
                                EndCause::kHoldLimit,        EndCause::kWaitLimit,
                                EndCause::kNeverFits,        EndCause::kBreaksHierarchy,
                                EndCause::kSemaphoreRemoved, EndCause::kForced};

std::vector<Counter> counters_of(const journal::SemaphoreCounts& counts) {
  std::vector<Counter> counters{{counts.name, "throttle_grants_total", {}, counts.granted},
                                {counts.name, "throttle_restores_total", {}, counts.restored}};
  for (const EndCause cause : kCauses) {
    const auto number = static_cast<std::size_t>(cause);
    const std::string_view name = journal::cause_name(static_cast<std::int64_t>(cause));
    counters.push_back(
        {counts.name, "throttle_leases_ended_total", name, counts.leases_ended.at(number)});
    counters.push_back(
        {counts.name, "throttle_waits_ended_total", name, counts.waits_ended.at(number)});
  }
  return counters;
}

std::optional<std::int64_t> value_of(const Samples& samples, const Counter& counter) {
  const auto value = sample_of(samples, counter.name, counter.semaphore, counter.cause);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::string text_of(const Counter& counter) {
  return counter.name + " of " + std::string(counter.semaphore) +
         (counter.cause.empty() ? std::string() : ", " + std::string(counter.cause));
}

Result<Samples> read_samples(Server& server) {
  const auto metrics = server.page("/metrics");
  if (!metrics) return tl::unexpected(metrics.error());
  return parse_metrics(*metrics);
}

Result<std::string> id_of(const std::string& path) {
  auto reader = journal::Reader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  auto id = reader->database().query_text("SELECT id FROM journal");
  if (!id) return tl::unexpected(journal::reading_error(path, id.error()));
  return *std::move(id);
}

}  // namespace

Result<Against> Against::before(const ServerPlace& place, const std::string& path) {
  Server server(place);
  const auto id = id_of(path);
  if (!id) return tl::unexpected(id.error());
  Against against;
  auto samples = read_samples(server);
  if (!samples) return tl::unexpected(samples.error());
  against.samples_ = *std::move(samples);
  auto journal = read_journal(server);
  if (!journal) return tl::unexpected(journal.error());
  if (journal->id != *id)
    return fail(ErrorCode::kInvalidArgument, "--against: " + server.url() + " writes " +
                                                 journal->path + ", which is not " + path +
                                                 ". Name that file with -j.");
  against.run_ = journal->run;
  const std::int64_t counted = journal->recorded;
  for (Duration waited{}; journal->committed < counted; waited += kBetweenLooks) {
    if (waited >= place.timeout)
      return fail(
          ErrorCode::kUnavailable,
          "--against: " + server.url() + " has events that are not in " + path +
              " yet. Wait longer with --timeout, above its commit_every" +
              (journal->last_error.empty() ? "."
                                           : "; its last error: " + journal->last_error + '.'));
    std::this_thread::sleep_for(kBetweenLooks);
    journal = read_journal(server);
    if (!journal) return tl::unexpected(journal.error());
  }
  return against;
}

Result<void> Against::compare(const ServerPlace& place, journal::Report& report) const {
  Server server(place);
  const auto samples = read_samples(server);
  if (!samples) return tl::unexpected(samples.error());
  const auto journal = read_journal(server);
  if (!journal) return tl::unexpected(journal.error());
  if (journal->run != run_)
    return fail(ErrorCode::kUnavailable,
                "--against: " + server.url() + " was restarted meanwhile; try again.");
  const auto violate = [&report](std::string text) {
    ++report.violation_count;
    report.violations.push_back({journal::Rule::kCounters, 0, std::move(text)});
  };
  if (report.last_run.run_id != run_) {
    violate("the last run in the file is not that of " + server.url());
    return {};
  }
  if (!report.last_run.complete) {
    report.reservations.push_back(
        {report.first_us, report.last_us,
         "the counters of " + server.url() +
             " were not compared: the file lacks a part of its run (a gap, or retention)"});
    return {};
  }
  for (const journal::SemaphoreCounts& counts : report.last_run.semaphores) {
    for (const Counter& counter : counters_of(counts)) {
      const auto least = value_of(samples_, counter);
      const auto most = value_of(*samples, counter);
      if (!least || !most) continue;  // the semaphore is gone, or has no such counter
      ++report.counters;
      if (counter.in_file >= *least && counter.in_file <= *most) continue;
      violate("the file has " + std::to_string(counter.in_file) + ", but the server counted " +
              std::to_string(counter.in_file < *least ? *least : *most) + ": " + text_of(counter));
    }
  }
  return {};
}

}  // namespace throttle::inspect
