// `diff`: what was open at one time and not at another, and whether file and server agree.
#include <algorithm>
#include <map>
#include <tuple>

#include "libthrottle/inspect/incident_commands.h"
#include "libthrottle/inspect/journals.h"
#include "libthrottle/inspect/picture.h"

namespace throttle::inspect {

namespace {

// What a peer has of a semaphore.
struct Part {
  bool waits = false;
  std::int64_t count = 0;
  std::string client;
  std::string label;
};
// A peer has one lease of a semaphore and one wait in all.
using Picture = std::map<std::tuple<std::string, std::uint64_t>, Part>;

std::string state_of(const Part& part) {
  return (part.waits ? "waits for " : "holds ") + std::to_string(part.count);
}

Picture picture_of(const std::vector<journal::Interval>& open) {
  Picture picture;
  for (const journal::Interval& one : open)
    picture[{one.semaphore, static_cast<std::uint64_t>(one.peer)}] = {one.waits, one.count,
                                                                      one.client, one.label};
  return picture;
}

Picture picture_of(const std::vector<LiveSemaphore>& semaphores) {
  Picture picture;
  const auto add = [&picture](const LiveSemaphore& semaphore, const LiveEntry& entry, bool waits) {
    picture[{semaphore.name, entry.peer}] = {waits, entry.count, entry.client, entry.label};
  };
  for (const LiveSemaphore& semaphore : semaphores) {
    for (const LiveEntry& held : semaphore.held)
      add(semaphore, held, false);
    for (const LiveEntry& waiting : semaphore.waiting)
      add(semaphore, waiting, true);
  }
  return picture;
}

// The words for what is only in one of the two.
struct Words {
  const char* only_before;
  const char* only_after;
};

Result<Exit> show(Context& context, const Picture& before, const Picture& after, Words words) {
  using enum ColumnKind;
  auto begun = context.out.begin({{"CHANGE"},
                                  {"SEMAPHORE"},
                                  {"PEER", kId},
                                  {"CLIENT"},
                                  {"LABEL", kLabel},
                                  {"BEFORE"},
                                  {"AFTER"}});
  if (!begun) return tl::unexpected(begun.error());
  const auto add = [&context](const char* change, const auto& key, const Part* was,
                              const Part* is) {
    const Part& shown = is != nullptr ? *is : *was;
    context.out.add({std::string(change), std::get<0>(key),
                     static_cast<std::int64_t>(std::get<1>(key)), cell(shown.client),
                     cell(shown.label), was == nullptr ? Cell() : Cell(state_of(*was)),
                     is == nullptr ? Cell() : Cell(state_of(*is))});
  };
  for (const auto& [key, was] : before) {
    const auto found = after.find(key);
    if (found == after.end())
      add(words.only_before, key, &was, nullptr);
    else if (found->second.waits != was.waits || found->second.count != was.count)
      add("changed", key, &was, &found->second);
  }
  for (const auto& [key, is] : after)
    if (!before.contains(key)) add(words.only_after, key, nullptr, &is);
  context.out.end();
  return context.out.rows() == 0 ? Exit::kShown : Exit::kDiffers;
}

Result<Picture> picture_at(OpenJournal& journal, const std::optional<Moment>& moment) {
  const auto seq = moment ? seq_of(journal, *moment) : Result<std::int64_t>(INT64_MAX);
  if (!seq) return tl::unexpected(seq.error());
  const auto open = journal::open_after(journal.reader, *seq);
  if (!open) return tl::unexpected(open.error());
  return picture_of(*open);
}

}  // namespace

Result<Exit> show_differences(Context& context) {
  const bool live = context.given.has("live");
  const auto from = context.moment("from");
  if (!from) return tl::unexpected(from.error());
  const auto to = context.moment("to");
  if (!to) return tl::unexpected(to.error());
  if (live == from->has_value() || (live && *to))
    return fail(ErrorCode::kInvalidArgument,
                "diff: expected --from TIME (and --to TIME), or --live.");
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  if (journals->size() != 1)
    return fail(ErrorCode::kInvalidArgument, "diff takes one journal; name it with -j.");
  OpenJournal& journal = journals->front();
  const auto before = picture_at(journal, live ? std::nullopt : *from);
  if (!before) return tl::unexpected(before.error());
  if (!live) {
    const auto after = picture_at(journal, *to);
    if (!after) return tl::unexpected(after.error());
    return show(context, *before, *after, {"went", "came"});
  }
  auto place = server_place(context);
  if (!place) return tl::unexpected(place.error());
  Server server(*place);
  const auto semaphores = read_leases(server);
  if (!semaphores) return tl::unexpected(semaphores.error());
  return show(context, *before, picture_of(*semaphores),
              {"only in the file", "only in the server"});
}

}  // namespace throttle::inspect
