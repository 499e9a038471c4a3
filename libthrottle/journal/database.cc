// The calls into SQLite: the one file of the project, with the shims of its tests, that sees its
// header. Nothing here throws and nothing here retries: what to do after a failure is for the
// caller to decide.
#include "libthrottle/journal/database.h"

#include <sqlite3.h>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::journal {

namespace {

constexpr int kNoRow = -1;
constexpr int kNotOneQuery = -2;

// As SQLite calls it. NOLINTNEXTLINE(readability-function-size)
int allow_reading(void* /*unused*/, int action, const char* /*first*/, const char* /*second*/,
                  const char* /*database*/, const char* /*view*/) noexcept {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

}  // namespace

// --- Statement ---

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(statement_);
    statement_ = std::exchange(other.statement_, nullptr);
  }
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

SqlResult<void> Statement::run_bound() noexcept {
  THROTTLE_CHECK(statement_ != nullptr);
  const int code = sqlite3_step(statement_);
  THROTTLE_CHECK(code != SQLITE_ROW);  // it is no query
  if (code != SQLITE_DONE) {
    SqlError error{sqlite3_extended_errcode(sqlite3_db_handle(statement_)),
                   sqlite3_errmsg(sqlite3_db_handle(statement_))};
    sqlite3_reset(statement_);
    return tl::unexpected(std::move(error));
  }
  sqlite3_reset(statement_);
  return {};
}

SqlResult<bool> Statement::step() noexcept {
  THROTTLE_CHECK(statement_ != nullptr);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(SqlError{sqlite3_extended_errcode(sqlite3_db_handle(statement_)),
                                 sqlite3_errmsg(sqlite3_db_handle(statement_))});
}

void Statement::reset() noexcept {
  THROTTLE_CHECK(statement_ != nullptr);
  sqlite3_reset(statement_);
}

bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

bool Statement::is_text(int column) const noexcept {
  return sqlite3_column_type(statement_, column) == SQLITE_TEXT;
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_, column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const noexcept {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view Statement::text(int column) const noexcept {
  const unsigned char* const text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::string_view> Statement::optional_text(int column) const noexcept {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

Blob Statement::blob(int column) const noexcept {
  const void* const bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const std::uint8_t*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

int Statement::columns() const noexcept {
  return sqlite3_column_count(statement_);
}

Statement::Type Statement::type(int column) const noexcept {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return Type::kInteger;
    case SQLITE_FLOAT:
      return Type::kReal;
    case SQLITE_TEXT:
      return Type::kText;
    case SQLITE_BLOB:
      return Type::kBlob;
    default:
      return Type::kNull;
  }
}

double Statement::real(int column) const noexcept {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::column_name(int column) const noexcept {
  const char* const name = sqlite3_column_name(statement_, column);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

void Statement::bind(int index, std::int64_t value) noexcept {
  THROTTLE_CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
}

void Statement::bind(int index, const std::optional<std::int64_t>& value) noexcept {
  if (value) return bind(index, *value);
  THROTTLE_CHECK(sqlite3_bind_null(statement_, index) == SQLITE_OK);
}

// A text beyond SQLite's limit cannot come here: what clients send is shorter by far.
void Statement::bind(int index, std::string_view value) noexcept {
  const char* const text = value.data() == nullptr ? "" : value.data();
  THROTTLE_CHECK(sqlite3_bind_text64(statement_, index, text, value.size(), SQLITE_STATIC,
                                     SQLITE_UTF8) == SQLITE_OK);
}

void Statement::bind(int index, const std::optional<std::string>& value) noexcept {
  if (value) return bind(index, std::string_view(*value));
  THROTTLE_CHECK(sqlite3_bind_null(statement_, index) == SQLITE_OK);
}

void Statement::bind(int index, Blob value) noexcept {
  THROTTLE_CHECK(sqlite3_bind_blob64(statement_, index, value.data(), value.size(),
                                     SQLITE_STATIC) == SQLITE_OK);
}

// --- Database ---

SqlResult<Database> Database::open(const std::string& path, const Options& options) noexcept {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  switch (options.mode) {
    case Mode::kCreate:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
    case Mode::kReadWrite:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Mode::kReadOnly:
      flags |= SQLITE_OPEN_READONLY;
      break;
  }
  Database database;
  const int code = sqlite3_open_v2(path.c_str(), &database.database_, flags, options.vfs);
  if (code != SQLITE_OK) return tl::unexpected(database.error(code, "open"));
  sqlite3_busy_timeout(database.database_, options.busy_timeout_ms);
  return database;
}

Database::Database(Database&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    close();
    database_ = std::exchange(other.database_, nullptr);
  }
  return *this;
}

Database::~Database() {
  close();
}

void Database::close() noexcept {
  if (database_ == nullptr) return;
  THROTTLE_CHECK(sqlite3_next_stmt(database_, nullptr) == nullptr);
  sqlite3_close_v2(std::exchange(database_, nullptr));
}

SqlResult<Statement> Database::prepare(Sql sql) noexcept {
  THROTTLE_CHECK(database_ != nullptr);
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database_, sql.text().data(), static_cast<int>(sql.text().size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error(code, sql.text()));
  return Statement(statement);
}

SqlResult<Statement> Database::prepare_query(const std::string& text) noexcept {
  THROTTLE_CHECK(database_ != nullptr);
  sqlite3_set_authorizer(database_, &allow_reading, nullptr);
  const char* rest = text.c_str();
  Statement query;
  while (*rest != '\0') {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v2(database_, rest, -1, &prepared, &rest);
    Statement next(prepared);
    if (code != SQLITE_OK) return tl::unexpected(error(code, text));
    if (prepared == nullptr) continue;  // a comment, or nothing before a semicolon
    if (query.statement_ != nullptr)
      return tl::unexpected(SqlError{kNotOneQuery, "expected one statement, got several"});
    query = std::move(next);
  }
  if (query.statement_ == nullptr)
    return tl::unexpected(SqlError{kNotOneQuery, "expected a SELECT, got nothing"});
  return query;
}

SqlResult<void> Database::execute(Sql sql) noexcept {
  THROTTLE_CHECK(database_ != nullptr);
  const int code = sqlite3_exec(database_, sql.text().data(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error(code, sql.text()));
  return {};
}

SqlResult<std::int64_t> Database::query_integer(Sql sql) noexcept {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return tl::unexpected(SqlError{kNoRow, "no row"});
  return statement->integer(0);
}

SqlResult<std::string> Database::query_text(Sql sql) noexcept {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return tl::unexpected(SqlError{kNoRow, "no row"});
  return std::string(statement->text(0));
}

SqlResult<void> Database::checkpoint(Checkpoint kind) noexcept {
  THROTTLE_CHECK(database_ != nullptr);
  const int mode =
      kind == Checkpoint::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  const int code = sqlite3_wal_checkpoint_v2(database_, "main", mode, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error(code, "checkpoint"));
  return {};
}

bool Database::has_moved() noexcept {
  THROTTLE_CHECK(database_ != nullptr);
  int moved = 0;
  const int code = sqlite3_file_control(database_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

bool Database::is_idle() const noexcept {
  return database_ == nullptr || sqlite3_get_autocommit(database_) != 0;
}

void Database::distrust() noexcept {
  THROTTLE_CHECK(database_ != nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_exec(database_, "PRAGMA cell_size_check = ON", nullptr, nullptr, nullptr);
}

SqlError Database::error(int code, std::string_view where) const noexcept {
  constexpr std::size_t kLongest = 60;
  std::string message = database_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database_);
  message += " (";
  message += where.substr(0, kLongest);
  message += ')';
  const int extended = database_ == nullptr ? code : sqlite3_extended_errcode(database_);
  return {extended == SQLITE_OK ? code : extended, std::move(message)};
}

std::string_view sqlite_version() noexcept {
  return sqlite3_libversion();
}

}  // namespace throttle::journal
