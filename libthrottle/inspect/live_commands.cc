// `status`, `leases`, `waiting` and `connections`.
#include "libthrottle/inspect/live_commands.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "libthrottle/inspect/picture.h"
#include "libthrottle/inspect/places.h"

namespace throttle::inspect {

namespace {

std::string asked_name(const Context& context) {
  return context.given.words.empty() ? std::string() : context.given.words.front();
}

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

// Exit code 1 for a name that is not there.
Exit missing(const Context& context, std::string_view what, const std::string& name) {
  context.world.remark("There is no " + std::string(what) + " \"" + name + "\".");
  return Exit::kDiffers;
}

// A table of what is at each semaphore, or at the one that was asked for.
Result<Exit> show_entries(Context& context, Columns columns,
                          const std::function<void(const LiveSemaphore&)>& add_rows) {
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  Server server(*place);
  const std::string only = asked_name(context);
  const auto semaphores = read_leases(server, only);
  if (!semaphores) return tl::unexpected(semaphores.error());
  if (semaphores->empty() && !only.empty()) return missing(context, "semaphore", only);
  if (auto begun = context.out.begin(std::move(columns)); !begun)
    return tl::unexpected(begun.error());
  for (const LiveSemaphore& semaphore : *semaphores)
    add_rows(semaphore);
  context.out.end();
  return Exit::kShown;
}

}  // namespace

Result<Exit> show_status(Context& context) {
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  Server server(*place);
  const auto semaphores = read_leases(server);
  if (!semaphores) return tl::unexpected(semaphores.error());
  const auto metrics = server.page("/metrics");
  const Samples samples = metrics ? parse_metrics(*metrics) : Samples();
  Output& out = context.out;
  out.line(head_line(server, samples, context.world.now_us));
  using enum ColumnKind;
  Columns columns{{"SEMAPHORE"},      {"HELD", kNumber}, {"MAX", kNumber}, {"WAITING", kNumber},
                  {"LONGEST", kSpan}, {"ORDER"},         {"STATE"}};
  if (out.is_for_people()) columns.erase(columns.begin() + 2);
  if (auto begun = out.begin(std::move(columns)); !begun) return tl::unexpected(begun.error());
  for (const LiveSemaphore& semaphore : *semaphores) {
    Row row{semaphore.name,
            semaphore.held_count(),
            semaphore.full,
            static_cast<std::int64_t>(semaphore.waiting.size()),
            semaphore.waiting.empty() ? Cell() : Cell(semaphore.longest_wait_us()),
            cell(semaphore.order),
            state_of(semaphore, samples)};
    if (out.is_for_people()) {
      row[1] = std::to_string(semaphore.held_count()) + '/' + std::to_string(semaphore.full);
      row.erase(row.begin() + 2);
    }
    out.add(std::move(row));
  }
  out.end();
  return Exit::kShown;
}

Result<Exit> show_leases(Context& context) {
  using enum ColumnKind;
  const auto add = [&context](const LiveSemaphore& semaphore) {
    for (const LiveEntry& held : semaphore.held)
      context.out.add({semaphore.name, held.count, static_cast<std::int64_t>(held.peer),
                       cell(held.client), cell(held.label), context.world.now_us - held.span_us,
                       held.span_us, cell(held.expires_in_us)});
  };
  return show_entries(context,
                      {{"SEMAPHORE"},
                       {"COUNT", kNumber},
                       {"PEER", kId},
                       {"CLIENT"},
                       {"LABEL", kLabel},
                       {"SINCE", kTime},
                       {"HELD", kSpan},
                       {"EXPIRES IN", kSpan}},
                      add);
}

Result<Exit> show_waiting(Context& context) {
  using enum ColumnKind;
  const auto add = [&context](const LiveSemaphore& semaphore) {
    for (const LiveEntry& waiter : semaphore.waiting)
      context.out.add({semaphore.name, waiter.place, waiter.count,
                       static_cast<std::int64_t>(waiter.peer), cell(waiter.client),
                       cell(waiter.label), context.world.now_us - waiter.span_us, waiter.span_us,
                       cell(waiter.expires_in_us)});
  };
  return show_entries(context,
                      {{"SEMAPHORE"},
                       {"PLACE", kNumber},
                       {"COUNT", kNumber},
                       {"PEER", kId},
                       {"CLIENT"},
                       {"LABEL", kLabel},
                       {"SINCE", kTime},
                       {"WAITED", kSpan},
                       {"EXPIRES IN", kSpan}},
                      add);
}

Result<Exit> show_connections(Context& context) {
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  Server server(*place);
  const auto proxies = read_connections(server);
  if (!proxies) return tl::unexpected(proxies.error());
  const std::string only = asked_name(context);
  if (!only.empty() && std::ranges::find(proxies->names, only) == proxies->names.end())
    return missing(context, "proxy", only);
  using enum ColumnKind;
  auto begun = context.out.begin({{"PROXY"},
                                  {"STATE"},
                                  {"PLACE", kNumber},
                                  {"CLIENT"},
                                  {"PEER", kId},
                                  {"IN STATE", kSpan},
                                  {"AGE", kSpan},
                                  {"BYTES UP", kNumber},
                                  {"BYTES DOWN", kNumber}});
  if (!begun) return tl::unexpected(begun.error());
  for (const LiveConnection& one : proxies->connections) {
    if (!only.empty() && one.proxy != only) continue;
    context.out.add({one.proxy, one.state, cell(one.place), one.client, cell(one.peer),
                     one.in_state_us, one.age_us, one.bytes_up, one.bytes_down});
  }
  context.out.end();
  return Exit::kShown;
}

}  // namespace throttle::inspect
