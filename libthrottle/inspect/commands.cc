// The commands, in the order of --help.
#include "libthrottle/inspect/command.h"
#include "libthrottle/inspect/file_commands.h"
#include "libthrottle/inspect/history_commands.h"
#include "libthrottle/inspect/incident_commands.h"
#include "libthrottle/inspect/live_commands.h"
#include "libthrottle/inspect/usage_command.h"
#include "libthrottle/inspect/watch_commands.h"

namespace throttle::inspect {

namespace {

constexpr CommandOption kSince{"since", "TIME",
                               "from this time on: 14:00, yesterday, \"2h ago\", run:3 …"};
constexpr CommandOption kUntil{"until", "TIME", "up to this time"};
constexpr CommandOption kSemaphore{"semaphore", "NAME",
                                   "only this one; * is any text; may be repeated"};
constexpr CommandOption kTop{"top", "N", "the N longest [10]"};
constexpr CommandOption kLongerThan{"longer-than", "DURATION", "all that took at least as long"};

constexpr CommandOption kWatchOptions[] = {
    {"semaphore", "NAME", "only this one; may be repeated"},
    {"kind", "NAME", "only these events, as granted; may be repeated"},
    {"since", "ID", "what came after this event, as RUN.N of --json [from now on]"}};
constexpr CommandOption kTopOptions[] = {
    {"delay,d", "DURATION", "how often the screen is made again [2s]"}};
constexpr CommandOption kReason{"reason", "TEXT",
                                "why, for the log and the journal; it must be given"};
constexpr CommandOption kYes{"yes", "", "do not ask"};
constexpr CommandOption kKickOptions[] = {
    kReason,
    {"within", "DURATION", "let it go on, but no longer than that, whatever its client renews"},
    {"bar", "DURATION", "for that long afterwards its client cannot restore it"},
    kYes};
constexpr CommandOption kReleaseOptions[] = {kReason, kYes};
constexpr CommandOption kHistoryOptions[] = {
    kSince, kUntil, kSemaphore, {"kind", "NAME", "only these events, as granted; may be repeated"}};
constexpr CommandOption kHoldersOptions[] = {
    {"at", "TIME", "at this time; after that event for seq:N [at the last commit]"}, kSemaphore};
constexpr CommandOption kLongestOptions[] = {kTop, kLongerThan, kSince, kUntil, kSemaphore};
constexpr CommandOption kUsageOptions[] = {
    {"by", "WHAT", "hour, day, weekday-hour (with a heat map), client or label [hour]",
     "hour day weekday-hour client label"},
    kSince,
    kUntil,
    kSemaphore};
constexpr CommandOption kIncidentsOptions[] = {kSince, kUntil};
constexpr CommandOption kDiffOptions[] = {
    {"from", "TIME", "the first of two times"},
    {"to", "TIME", "the second one [the last commit]"},
    {"live", "", "the file's last commit against the running server"}};
constexpr CommandOption kExportOptions[] = {
    {"to", "FILE", "the file to write, which must not exist"},
    {"ndjson", "", "events as one JSON object a line instead of a copy; --csv as CSV"}};
constexpr CommandOption kVerifyOptions[] = {
    {"head", "N:SEQ:HEX", "a head that was kept elsewhere must be in the file; may be repeated"},
    {"log", "FILE", "so must those of the lines \"journal head\" of a log; may be repeated"},
    {"against", "URL", "its events must be those that this server, which writes it, has counted"},
    {"strict", "", "exit code 1 for what cannot be proven, too"},
};

const Command kCommands[] = {
    {.name = "status",
     .summary = "The running server: of each semaphore, what is held and what waits",
     .examples = {"status", "status -S http://10.0.0.5:8000 --json"},
     .run = &show_status},
    {.name = "leases",
     .arguments = "[SEMAPHORE]",
     .summary = "Which peers hold now, since when, and when they expire",
     .examples = {"leases", "leases database --wide"},
     .most_words = 1,
     .run = &show_leases},
    {.name = "waiting",
     .arguments = "[SEMAPHORE]",
     .summary = "Which peers wait now, in the order in which they are served",
     .examples = {"waiting", "waiting database --csv"},
     .most_words = 1,
     .run = &show_waiting},
    {.name = "why",
     .arguments = "PEER",
     .summary = "Why a peer waits: its place, what is before it, which peers hold",
     .examples = {"why label:nightly*", "why 8817340051277611"},
     .least_words = 1,
     .most_words = 1,
     .run = &show_why},
    {.name = "connections",
     .arguments = "[PROXY]",
     .summary = "The connections that the proxies carry now",
     .examples = {"connections", "connections office --json"},
     .most_words = 1,
     .run = &show_connections},
    {.name = "watch",
     .summary = "What happens from now on, a line an event, over restarts too",
     .examples = {"watch", "watch --semaphore database --kind granted --json"},
     .options = kWatchOptions,
     .run = &watch},
    {.name = "top",
     .summary = "The semaphores, holders and waiters on the whole screen",
     .examples = {"top", "top -d 500ms"},
     .options = kTopOptions,
     .run = &top},
    {.name = "kick",
     .arguments = "PEER",
     .summary = "Removes a peer with all it holds and awaits; asks first",
     .examples = {"kick 8817340051277611 --reason \"its host is gone\"",
                  "kick label:nightly* --reason \"it hangs\" --within 30s --yes"},
     .options = kKickOptions,
     .least_words = 1,
     .most_words = 1,
     .run = &kick},
    {.name = "release",
     .arguments = "PEER SEMAPHORE",
     .summary = "Ends what a peer holds or awaits of one semaphore; asks first",
     .examples = {"release 8817340051277611 database --reason \"its host is gone\"",
                  "release client:10.0.0.9 database --reason \"it hangs\" --yes"},
     .options = kReleaseOptions,
     .least_words = 2,
     .most_words = 2,
     .run = &release},
    {.name = "history",
     .arguments = "[PEER]",
     .summary = "Every event of a time, a semaphore or a peer, the newest last",
     .examples = {"history --since \"2h ago\" --semaphore database",
                  "history label:nightly* --since yesterday --json"},
     .options = kHistoryOptions,
     .most_words = 1,
     .run = &show_history},
    {.name = "holders",
     .summary = "Which peers held and waited at some time",
     .examples = {"holders --at 14:00", "holders --at 2026-11-24T14:00 --semaphore database"},
     .options = kHoldersOptions,
     .run = &show_holders},
    {.name = "waits",
     .summary = "The longest waits",
     .examples = {"waits --since today", "waits --longer-than 1h --since tuesday --csv"},
     .options = kLongestOptions,
     .run = &show_waits},
    {.name = "holds",
     .summary = "The longest leases",
     .examples = {"holds --top 3", "holds --longer-than \"1 day\" --semaphore reports/*"},
     .options = kLongestOptions,
     .run = &show_holds},
    {.name = "usage",
     .summary = "What was held, waited for and refused, by time, client or label",
     .examples = {"usage --by day --since 2026-11-01 --semaphore database",
                  "usage --by weekday-hour"},
     .options = kUsageOptions,
     .run = &show_usage},
    {.name = "incidents",
     .summary = "What went wrong: gaps, lost runs, over-commits, expiries, kicks …",
     .examples = {"incidents --since yesterday", "incidents --json"},
     .options = kIncidentsOptions,
     .run = &show_incidents},
    {.name = "diff",
     .summary = "Which leases and waits came, went and changed between two times",
     .examples = {"diff --from 14:00 --to 15:00", "diff --live"},
     .options = kDiffOptions,
     .run = &show_differences},
    {.name = "export",
     .summary = "A copy of the file while the server goes on, or its events as text",
     .examples = {"export --to backup.db", "export --to events.csv --csv"},
     .options = kExportOptions,
     .run = &export_file},
    {.name = "sql",
     .arguments = "\"SELECT …\"",
     .summary = "The rows of one query, which can only read",
     .examples = {"sql \"SELECT kind, count(*) FROM event_text GROUP BY kind\"",
                  "sql \"SELECT * FROM lease WHERE held_us > 3600e6\" --csv"},
     .least_words = 1,
     .most_words = 1,
     .run = &run_query},
    {.name = "runs",
     .summary = "The lives of the server: when each began and how it ended",
     .examples = {"runs -j throttle-journal.db", "runs --json --utc"},
     .run = &show_runs},
    {.name = "info",
     .summary = "The file: its size, events, last commit and the head of its chain",
     .examples = {"info -j throttle-journal.db", "info -j one.db -j two.db --json"},
     .run = &show_info},
    {.name = "verify",
     .summary = "Proves that the file is whole and that the rules were kept",
     .examples = {"verify -j throttle-journal.db", "verify --log throttle.log --strict"},
     .options = kVerifyOptions,
     .run = &verify},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace throttle::inspect
