// `kick` and `release`: end what a peer holds and awaits, after asking.
#include <algorithm>
#include <set>
#include <tuple>

#include "libthrottle/core/duration.h"
#include "libthrottle/inspect/journals.h"
#include "libthrottle/inspect/live_commands.h"
#include "libthrottle/inspect/picture.h"
#include "libthrottle/inspect/system.h"

namespace throttle::inspect {

namespace {

// What the peer has on one semaphore.
struct Part {
  std::string semaphore;
  LiveEntry entry;
  bool waits = false;
};

// The parts of the peers that match, only on the semaphore `only` if there is one.
std::vector<Part> parts_of(const std::vector<LiveSemaphore>& semaphores, const PeerPattern& peer,
                           std::string_view only) {
  std::vector<Part> parts;
  const auto add = [&](const LiveSemaphore& semaphore, const std::vector<LiveEntry>& entries,
                       bool waits) {
    if (!only.empty() && semaphore.name != only) return;
    for (const LiveEntry& entry : entries)
      if (peer.accepts(entry.peer, entry.client, entry.label))
        parts.push_back({semaphore.name, entry, waits});
  };
  for (const LiveSemaphore& semaphore : semaphores) {
    add(semaphore, semaphore.held, false);
    add(semaphore, semaphore.waiting, true);
  }
  return parts;
}

using Holder = std::tuple<std::string, std::uint64_t>;

std::set<Holder> holders_of(const std::vector<LiveSemaphore>& semaphores) {
  std::set<Holder> holders;
  for (const LiveSemaphore& semaphore : semaphores)
    for (const LiveEntry& held : semaphore.held)
      holders.emplace(semaphore.name, held.peer);
  return holders;
}

Result<void> print_parts(Output& out, const std::vector<Part>& parts) {
  using enum ColumnKind;
  auto begun = out.begin({{"SEMAPHORE"},
                          {"STATE"},
                          {"COUNT", kNumber},
                          {"PEER", kId},
                          {"CLIENT"},
                          {"LABEL", kLabel},
                          {"SPAN", kSpan}});
  if (!begun) return begun;
  for (const Part& part : parts)
    out.add({part.semaphore, std::string(part.waits ? "waits" : "holds"), part.entry.count,
             static_cast<std::int64_t>(part.entry.peer), cell(part.entry.client),
             cell(part.entry.label), part.entry.span_us});
  out.end();
  return {};
}

// Whether it may go on; an error where nobody can be asked.
Result<bool> is_confirmed(const Context& context, const std::string& question) {
  if (context.given.has("yes")) return true;
  if (!context.world.ask)
    return fail(ErrorCode::kInvalidArgument,
                "Nobody can be asked here; add --yes to do it without a question.");
  return context.world.ask(question);
}

void print_new_holders(Output& out, const std::vector<LiveSemaphore>& after,
                       const std::set<Holder>& before) {
  for (const LiveSemaphore& semaphore : after)
    for (const LiveEntry& held : semaphore.held) {
      if (before.contains({semaphore.name, held.peer})) continue;
      out.line("Now peer " + std::to_string(held.peer) + " (" + held.client + ") holds " +
               std::to_string(held.count) + " of " + semaphore.name + '.');
    }
}

// The query of the request, and what is said before it is asked.
struct Removal {
  std::string query;
  std::string remark;
};

Result<std::string> duration_given(const Context& context, std::string_view name) {
  if (!context.given.has(name)) return std::string();
  const std::string text = context.given.value(name);
  const auto length = parse_duration(text);
  if (!length)
    return fail(ErrorCode::kInvalidArgument,
                "--" + std::string(name) + ": " + length.error().message);
  return format_duration(*length);
}

Result<Removal> removal_of(const Context& context) {
  const auto within = duration_given(context, "within");
  if (!within) return tl::unexpected(within.error());
  const auto bar = duration_given(context, "bar");
  if (!bar) return tl::unexpected(bar.error());
  Removal removal;
  removal.query =
      "?reason=" + encoded(context.given.value("reason")) + "&by=" + encoded(user_at_host());
  if (!within->empty()) {
    removal.query += "&within=" + encoded(*within);
    removal.remark = "It ends in " + *within + " at the latest, whatever its client renews. ";
  }
  removal.remark += "Its work may go on: the peer learns of its end at its next heartbeat";
  if (bar->empty()) {
    removal.remark += ", and a client that restores itself takes its leases back then.";
    return removal;
  }
  removal.query += "&bar=" + encoded(*bar);
  removal.remark += ". For " + *bar + " after its end it cannot take its leases back.";
  return removal;
}

Result<Exit> remove(Context& context, std::string_view semaphore) {
  if (context.given.value("reason").empty())
    return fail(ErrorCode::kInvalidArgument, "expected --reason TEXT: why it is done.");
  const auto removal = removal_of(context);
  if (!removal) return tl::unexpected(removal.error());
  const auto peer = PeerPattern::parse(context.given.words.front());
  if (!peer) return tl::unexpected(peer.error());
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  Server server(*place);
  const auto semaphores = read_leases(server);
  if (!semaphores) return tl::unexpected(semaphores.error());
  const std::vector<Part> parts = parts_of(*semaphores, *peer, semaphore);
  if (parts.empty()) {
    context.world.remark("No such peer holds or waits.");
    return Exit::kDiffers;
  }
  const std::uint64_t id = parts.front().entry.peer;
  if (std::ranges::any_of(parts, [id](const Part& part) { return part.entry.peer != id; }))
    return fail(ErrorCode::kInvalidArgument,
                "Several peers match; name one by its id (`leases` and `waiting` list them).");
  if (auto done = print_parts(context.out, parts); !done) return tl::unexpected(done.error());
  context.world.remark(removal->remark);
  const auto confirmed = is_confirmed(context, "End this?");
  if (!confirmed) return tl::unexpected(confirmed.error());
  if (!*confirmed) return Exit::kDiffers;
  std::string target = "/peers/" + std::to_string(id);
  if (!semaphore.empty()) target += '/' + encoded(semaphore);
  target += removal->query;
  const auto answer = server.remove(target);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200)
    return fail(ErrorCode::kUnavailable,
                server.url() + " answers " + std::to_string(answer->status) + ": " + answer->body);
  if (answer->body.find("Peer not found") != std::string::npos) {
    context.world.remark("The peer is gone already.");
    return Exit::kDiffers;
  }
  const auto after = read_leases(server);
  if (after) print_new_holders(context.out, *after, holders_of(*semaphores));
  return Exit::kShown;
}

}  // namespace

Result<Exit> kick(Context& context) {
  return remove(context, {});
}

Result<Exit> release(Context& context) {
  return remove(context, context.given.words.back());
}

}  // namespace throttle::inspect
