// `status`, `leases`, `waiting` and `connections`.
#include "libthrottle/inspect/live_commands.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "libthrottle/inspect/picture.h"
#include "libthrottle/inspect/places.h"
#include "libthrottle/inspect/status_text.h"

namespace throttle::inspect {

namespace {

std::string asked_name(const Context& context) {
  return context.given.words.empty() ? std::string() : context.given.words.front();
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
  const ForWhom whom = out.is_for_people() ? ForWhom::kPeople : ForWhom::kMachines;
  if (auto begun = out.begin(status_columns(whom)); !begun) return tl::unexpected(begun.error());
  for (const LiveSemaphore& semaphore : *semaphores)
    out.add(status_row(semaphore, samples, whom));
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
