// The journal's file: schema version 1, its words, and what a file is before it is opened.
//
// Numbers of kinds and causes are fixed for ever. Tables change only with the version; views are
// made again at each start and are no part of it. Shared by the writer, the reader and the
// verifier. Threads: as the database's.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "libthrottle/core/result.h"
#include "libthrottle/journal/chain.h"
#include "libthrottle/journal/database.h"

namespace throttle::journal {

inline constexpr std::int64_t kApplicationId = 0x5468724A;  // "ThrJ"
inline constexpr std::int64_t kSchemaVersion = 1;

enum class Kind : std::uint8_t {
  kQueued = 1,
  kGranted = 2,
  kWaitEnded = 3,
  kLeaseEnded = 4,
  kRestored = 5,
  kExcess = 6,
  kAside = 7,
  kBack = 8,
  kConfigured = 10,
  kPaused = 11,
  kResumed = 12,
  kLabelled = 13,
  kStarted = 20,
  kStopped = 21,
  kReloaded = 22,
  kReloadRefused = 23,
  kClockStepped = 24,
  kGraceBegan = 25,
  kGraceEnded = 26,
  kGap = 30,
  kFound = 31,
  kMissed = 32,
  kFoundWaiting = 33,
  kGapClosed = 34,
  kNote = 40,
  kKicked = 41,
};

enum class EndCause : std::uint8_t {
  kNone = 0,  // NULL in the file
  kReleased = 1,
  kExpired = 2,
  kHoldLimit = 3,
  kWaitLimit = 4,
  kNeverFits = 5,
  kBreaksHierarchy = 6,
  kSemaphoreRemoved = 7,
  kForced = 8,
  kStopped = 9,
  kLost = 10,
};

struct Word {
  std::int64_t number;
  std::string_view name;
};
inline constexpr std::array<Word, 26> kKindWords{
    {{1, "queued"},         {2, "granted"},      {3, "wait_ended"},     {4, "lease_ended"},
     {5, "restored"},       {6, "excess"},       {7, "aside"},          {8, "back"},
     {10, "configured"},    {11, "paused"},      {12, "resumed"},       {13, "labelled"},
     {20, "started"},       {21, "stopped"},     {22, "reloaded"},      {23, "reload_refused"},
     {24, "clock_stepped"}, {25, "grace_began"}, {26, "grace_ended"},   {30, "gap"},
     {31, "found"},         {32, "missed"},      {33, "found_waiting"}, {34, "gap_closed"},
     {40, "note"},          {41, "kicked"}}};
inline constexpr std::array<Word, 10> kCauseWords{{{1, "released"},
                                                   {2, "expired"},
                                                   {3, "hold_limit"},
                                                   {4, "wait_limit"},
                                                   {5, "never_fits"},
                                                   {6, "breaks_hierarchy"},
                                                   {7, "semaphore_removed"},
                                                   {8, "forced"},
                                                   {9, "stopped"},
                                                   {10, "lost"}}};

// The name of a kind or cause; empty if the number is none of this version.
std::string_view kind_name(std::int64_t number);
std::string_view cause_name(std::int64_t number);

// Makes the tables in an empty file, and its row in `journal`: one transaction, and WAL afterwards.
SqlResult<void> create_schema(Database& database, std::string_view id, std::string_view name,
                              std::int64_t created_us);
// Makes the views again. Outside a transaction.
SqlResult<void> make_views(Database& database);

// What stands at a path, judged by the first bytes alone: SQLite has not opened it yet.
struct FileKind {
  enum class Is : std::uint8_t { kAbsent, kEmpty, kJournal, kForeign, kUnreadable };
  Is is = Is::kAbsent;
  std::int64_t version = 0;  // of a journal
  std::string why;           // kUnreadable: the system's message
};
FileKind identify(const std::string& path);

// A fresh id of a file: 32 letters.
std::string draw_journal_id();

}  // namespace throttle::journal
