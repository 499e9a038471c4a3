// A journal is opened in this order: judge the first bytes, let SQLite open it (which recovers the
// WAL), check it, make it or read where to go on. A file that is ours and damaged is renamed with
// its WAL, so that nothing is lost that somebody could still read, and a new one begins.
#include "libthrottle/journal/opening.h"

#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "libthrottle/journal/volume.h"

namespace throttle::journal {

namespace {

namespace fs = std::filesystem;

constexpr int kPrimaryCorrupt = 11;  // SQLITE_CORRUPT
constexpr int kPrimaryNotADatabase = 26;
constexpr std::uintmax_t kQuickCheckLimit = std::uintmax_t{256} << 20;
constexpr int kBusyTimeoutMs = 2000;

fs::path path_of(const std::string& utf8) {
  return {std::u8string(utf8.begin(), utf8.end())};
}

std::string corrupt_name(const std::string& path, Integer wall_us) {
  const auto seconds = static_cast<std::time_t>(wall_us / 1'000'000);
  std::tm parts{};
  if (const std::tm* const now = std::gmtime(&seconds)) parts = *now;
  char text[32];
  const std::size_t length = std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts);
  return path + ".corrupt-" + std::string(text, length);
}

// The file and what belongs to it.
std::error_code set_aside(const std::string& path, const std::string& aside) {
  std::error_code error;
  fs::rename(path_of(path), path_of(aside), error);
  if (error) return error;
  for (const char* const suffix : {"-wal", "-shm", "-journal"}) {
    std::error_code ignored;
    fs::rename(path_of(path + suffix), path_of(aside + suffix), ignored);
  }
  return {};
}

// Only the owner writes, the group reads; the WAL follows the file's mode.
void restrict_mode(const std::string& path) {
  std::error_code ignored;
  fs::permissions(path_of(path),
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read, ignored);
}

SqlResult<void> quick_check(Database& database, const OpeningOptions& options) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path_of(options.path), error);
  if (!options.suspect && (error || size > kQuickCheckLimit)) return {};
  const auto verdict = database.query_text("PRAGMA quick_check(1)");
  if (!verdict) return tl::unexpected(verdict.error());
  if (*verdict != "ok") return tl::unexpected(SqlError{kPrimaryCorrupt, *verdict});
  return {};
}

// What a creation that failed left of a file that was not there, or empty.
void remove_remains(const std::string& path) {
  for (const char* const suffix : {"", "-journal", "-wal", "-shm"}) {
    std::error_code ignored;
    fs::remove(path_of(path + suffix), ignored);
  }
}

SqlResult<std::unique_ptr<Store>> open_store(const OpeningOptions& options, FileKind::Is kind,
                                             Continuation& continuation) {
  auto database =
      Database::open(options.path, {.busy_timeout_ms = kBusyTimeoutMs, .vfs = options.vfs});
  if (!database) return tl::unexpected(database.error());
  if (kind == FileKind::Is::kJournal) {
    if (auto done = quick_check(*database, options); !done) return tl::unexpected(done.error());
  } else {
    restrict_mode(options.path);
    auto done = create_schema(*database, draw_journal_id(), options.name, options.wall_us);
    if (!done) return tl::unexpected(done.error());
    restrict_mode(options.path);
  }
  auto store = Store::open(std::move(*database), options.durability);
  if (!store) return store;
  auto read = (*store)->read_continuation();
  if (!read) return tl::unexpected(read.error());
  continuation = std::move(*read);
  return store;
}

}  // namespace

SqlResult<WriterLock> WriterLock::take(const std::string& path, const char* vfs) {
  auto database = Database::open(path + "-writer", {.vfs = vfs});
  if (!database) return tl::unexpected(database.error());
  restrict_mode(path + "-writer");
  if (auto done = database->execute("BEGIN EXCLUSIVE"); !done) return tl::unexpected(done.error());
  WriterLock lock;
  lock.database_ = std::move(*database);
  return lock;
}

std::string refusal_of(const std::string& path) {
  const FileKind kind = identify(path);
  if (kind.is == FileKind::Is::kForeign)
    return path +
           " is not a journal of Throttle, so it is left as it is. Name another file in "
           "[journal] path.";
  if (kind.is == FileKind::Is::kJournal && kind.version > kSchemaVersion)
    return path + " is a journal of version " + std::to_string(kind.version) +
           "; this server knows " + std::to_string(kSchemaVersion) +
           ". Use a newer server, or name another file in [journal] path.";
  if (is_on_network(path))
    return path +
           " is on a network file system, where SQLite cannot share memory between hosts. "
           "Name a file on a local disk in [journal] path.";
  return {};
}

Opening open_journal(const OpeningOptions& options) {
  Opening opening;
  opening.refusal = refusal_of(options.path);
  if (!opening.refusal.empty()) return opening;
  // At most twice: a corrupt file is set aside, then there is none.
  for (bool again = true;; again = false) {
    const FileKind kind = identify(options.path);
    if (kind.is == FileKind::Is::kUnreadable) {
      opening.failure = SqlError{0, kind.why};
      return opening;
    }
    auto store = open_store(options, kind.is, opening.continuation);
    if (store) {
      opening.store = std::move(*store);
      return opening;
    }
    if (kind.is != FileKind::Is::kJournal) remove_remains(options.path);
    const bool damaged = kind.is == FileKind::Is::kJournal && is_corruption(store.error());
    if (damaged && again) {
      const std::string aside = corrupt_name(options.path, options.wall_us);
      if (!set_aside(options.path, aside)) {
        opening.aside = aside;
        continue;
      }
    }
    opening.failure = store.error();
    return opening;
  }
}

std::optional<Integer> writing_process(const std::string& path) {
  auto database =
      Database::open(path, {.mode = Database::Mode::kReadOnly, .busy_timeout_ms = kBusyTimeoutMs});
  if (!database) return std::nullopt;
  const auto pid = database->query_integer("SELECT pid FROM run ORDER BY run_no DESC LIMIT 1");
  if (!pid) return std::nullopt;
  return *pid;
}

bool is_corruption(const SqlError& error) {
  return error.primary() == kPrimaryCorrupt || error.primary() == kPrimaryNotADatabase;
}

}  // namespace throttle::journal
