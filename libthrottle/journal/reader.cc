// Opens a file without writing to it. A WAL that a dead writer left needs the shared memory beside
// the file; where that cannot be made, the message says how to go on.
#include "libthrottle/journal/reader.h"

#include <utility>

#include "libthrottle/journal/schema.h"

namespace throttle::journal {

namespace {

constexpr int kBusyTimeoutMs = 5000;

}  // namespace

Error reading_error(const std::string& path, const SqlError& error) {
  return {ErrorCode::kUnavailable, path + " cannot be read: " + error.message +
                                       ". Copy the file with its -wal to a folder "
                                       "that you may write to, and read it there."};
}

Result<Reader> Reader::open(const std::string& path) {
  const FileKind kind = identify(path);
  switch (kind.is) {
    case FileKind::Is::kAbsent:
      return fail(ErrorCode::kNotFound, path + " does not exist.");
    case FileKind::Is::kUnreadable:
      return fail(ErrorCode::kUnavailable, path + ": " + kind.why + ".");
    case FileKind::Is::kEmpty:
    case FileKind::Is::kForeign:
      return fail(ErrorCode::kInvalidArgument, path + " is not a journal of Throttle.");
    case FileKind::Is::kJournal:
      break;
  }
  if (kind.version > kSchemaVersion)
    return fail(ErrorCode::kInvalidArgument,
                path + " is a journal of version " + std::to_string(kind.version) +
                    "; this program knows " + std::to_string(kSchemaVersion) +
                    ". Use a newer one.");
  auto database =
      Database::open(path, {.mode = Database::Mode::kReadOnly, .busy_timeout_ms = kBusyTimeoutMs});
  if (!database) return tl::unexpected(reading_error(path, database.error()));
  database->distrust();
  const auto id = database->query_text("SELECT id FROM journal");
  if (!id) return tl::unexpected(reading_error(path, id.error()));
  Reader reader;
  reader.path_ = path;
  reader.database_ = std::move(*database);
  return reader;
}

}  // namespace throttle::journal
