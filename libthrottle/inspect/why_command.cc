// `why`: what a peer waits for, which requests are before it, and what must come back first.
#include <algorithm>
#include <optional>

#include "libthrottle/inspect/journals.h"
#include "libthrottle/inspect/live_commands.h"
#include "libthrottle/inspect/picture.h"

namespace throttle::inspect {

namespace {

std::string describe(const LiveEntry& entry) {
  std::string text = "Peer " + std::to_string(entry.peer);
  if (!entry.label.empty()) text += " \"" + entry.label + '"';
  return text + " (" + entry.client + ')';
}

std::string ordinal(std::size_t number) {
  const std::size_t last = number % 10;
  const bool teen = number / 10 % 10 == 1;
  const char* end = "th";
  if (!teen && last == 1) end = "st";
  if (!teen && last == 2) end = "nd";
  if (!teen && last == 3) end = "rd";
  return std::to_string(number) + end;
}

// The mean time for which leases of the semaphore were held; absent if none has ended.
std::optional<std::int64_t> mean_hold_us(const Samples& samples, std::string_view semaphore) {
  const auto count = sample_of(samples, "throttle_hold_seconds_count", semaphore);
  const auto sum = sample_of(samples, "throttle_hold_seconds_sum", semaphore);
  if (!count || !sum || *count < 1) return std::nullopt;
  return static_cast<std::int64_t>(*sum / *count * 1e6);
}

// When `missing` has come back, if each lease is held for the mean time.
std::int64_t estimate_us(const LiveSemaphore& semaphore, std::int64_t missing,
                         std::int64_t mean_us) {
  std::int64_t back = 0;
  for (const LiveEntry& held : semaphore.held) {  // the longest first
    back += held.count;
    if (back >= missing) return std::max<std::int64_t>(0, mean_us - held.span_us);
  }
  return mean_us;
}

std::string ends_text(const LiveEntry& held) {
  if (!held.expires_in_us) return "when it is released";
  return "in " + format_span(*held.expires_in_us) + " unless renewed";
}

// A waiting peer, in sentences.
void explain(Context& context, const LiveSemaphore& semaphore, std::size_t index,
             const Samples& samples) {
  Output& out = context.out;
  const LiveEntry& waiter = semaphore.waiting[index];
  out.line(describe(waiter) + " waits for " + std::to_string(waiter.count) + " of " +
           semaphore.name + " since " +
           format_clock(context.world.now_us - waiter.span_us, out.style().zone) + ", " +
           format_span(waiter.span_us) + '.');
  std::int64_t before = 0;
  for (std::size_t i = 0; i < index; ++i)
    before += semaphore.waiting[i].count;
  const std::int64_t free = semaphore.full - semaphore.held_count();
  std::string text =
      "It is " + ordinal(index + 1) + " of " + std::to_string(semaphore.waiting.size());
  if (index > 0)
    text += std::string("; ") + (index == 1 ? "the one" : "those") + " before it " +
            (index == 1 ? "wants " : "want ") + std::to_string(before);
  text += ". Free " + std::to_string(free) + " of " + std::to_string(semaphore.full);
  const std::int64_t missing = before + waiter.count - free;
  if (waiter.count > semaphore.full) {
    text += ". It wants more than there is";
  } else if (missing > 0) {
    text += ", so " + std::to_string(missing) + " must come back";
    if (const auto mean = mean_hold_us(samples, semaphore.name)) {
      const std::int64_t estimate = estimate_us(semaphore, missing, *mean);
      if (estimate > 0) text += ": about " + format_span(estimate);
      text += " (mean hold " + format_span(*mean) + ')';
    }
  }
  const bool paused = !semaphore.paused.empty() ||
                      sample_of(samples, "throttle_paused", semaphore.name).value_or(0) > 0;
  out.line(text + (paused ? ". Nothing is granted while it is paused." : "."));
}

// For machines: the peer, those before it, and the holders.
void add_rows(Output& out, const LiveSemaphore& semaphore, std::size_t index) {
  const auto add = [&](const char* role, const LiveEntry& entry) {
    out.add({std::string(role), semaphore.name, entry.count, static_cast<std::int64_t>(entry.peer),
             cell(entry.client), cell(entry.label), entry.place == 0 ? Cell() : Cell(entry.place),
             entry.span_us, cell(entry.expires_in_us)});
  };
  add("asked", semaphore.waiting[index]);
  for (std::size_t i = 0; i < index; ++i)
    add("before", semaphore.waiting[i]);
  for (const LiveEntry& held : semaphore.held)
    add("holds", held);
}

Result<void> print_holders(Output& out, const LiveSemaphore& semaphore) {
  using enum ColumnKind;
  auto begun = out.begin({{"HOLDS", kNumber},
                          {"PEER", kId},
                          {"CLIENT"},
                          {"LABEL", kLabel},
                          {"HELD", kSpan},
                          {"ENDS"}});
  if (!begun) return begun;
  for (const LiveEntry& held : semaphore.held)
    out.add({held.count, static_cast<std::int64_t>(held.peer), cell(held.client), cell(held.label),
             held.span_us, ends_text(held)});
  out.end();
  return {};
}

Result<void> begin_rows(Output& out) {
  using enum ColumnKind;
  return out.begin({{"ROLE"},
                    {"SEMAPHORE"},
                    {"COUNT", kNumber},
                    {"PEER", kId},
                    {"CLIENT"},
                    {"LABEL", kLabel},
                    {"PLACE", kNumber},
                    {"SPAN", kSpan},
                    {"EXPIRES IN", kSpan}});
}

bool is_it(const PeerPattern& peer, const LiveEntry& entry) {
  return peer.accepts(entry.peer, entry.client, entry.label);
}

}  // namespace

Result<Exit> show_why(Context& context) {
  const auto peer = PeerPattern::parse(context.given.words.front());
  if (!peer) return tl::unexpected(peer.error());
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  Server server(*place);
  const auto semaphores = read_leases(server);
  if (!semaphores) return tl::unexpected(semaphores.error());
  const auto metrics = server.page("/metrics");
  const Samples samples = metrics ? parse_metrics(*metrics) : Samples();
  Output& out = context.out;
  if (!out.is_for_people()) {
    if (auto begun = begin_rows(out); !begun) return tl::unexpected(begun.error());
  }
  std::size_t found = 0;
  for (const LiveSemaphore& semaphore : *semaphores) {
    for (std::size_t i = 0; i < semaphore.waiting.size(); ++i) {
      if (!is_it(*peer, semaphore.waiting[i])) continue;
      ++found;
      if (!out.is_for_people()) {
        add_rows(out, semaphore, i);
        continue;
      }
      explain(context, semaphore, i, samples);
      if (auto done = print_holders(out, semaphore); !done) return tl::unexpected(done.error());
    }
  }
  if (!out.is_for_people()) out.end();
  if (found > 0) return Exit::kShown;
  for (const LiveSemaphore& semaphore : *semaphores)
    for (const LiveEntry& held : semaphore.held)
      if (is_it(*peer, held)) {
        ++found;
        out.line(describe(held) + " waits for nothing; it holds " + std::to_string(held.count) +
                 " of " + semaphore.name + '.');
      }
  if (found == 0) context.world.remark("No such peer holds or waits.");
  return found > 0 ? Exit::kShown : Exit::kDiffers;
}

}  // namespace throttle::inspect
