// SQLite behind C++: a connection and its statements, closed by their destructors.
//
// The text of a statement is a string literal, so no value from outside can become SQL; values are
// bound. Every failure is a value with SQLite's extended result code.
// Threads: a connection and its statements belong to one thread at a time (SQLITE_OPEN_NOMUTEX).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace throttle::journal {

// A failure of SQLite. `code` is the extended result code, or one of ours below zero.
struct SqlError {
  int code = 0;
  std::string message;  // what SQLite says, and of which statement

  int primary() const { return code & 0xff; }
};

template <typename T>
using SqlResult = tl::expected<T, SqlError>;

// The text of one statement: a literal, checked while compiling.
class Sql {
 public:
  template <std::size_t size>
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is to become a statement by itself.
  consteval Sql(const char (&text)[size]) : text_(text, size - 1) {}
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

using Blob = std::span<const std::uint8_t>;

// A prepared statement. Its database outlives it.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Binds the values in their order and runs a statement that returns no row. The values are not
  // copied; they are forgotten before it returns.
  template <typename... Values>
  SqlResult<void> run(const Values&... values) noexcept {
    int index = 0;
    (bind(++index, values), ...);
    return run_bound();
  }
  // Binds the values and begins a query; step() then goes from row to row. Bound texts must live
  // until reset().
  template <typename... Values>
  void start(const Values&... values) noexcept {
    reset();
    int index = 0;
    (bind(++index, values), ...);
  }
  // True: there is a row, whose columns may be read until the next call.
  SqlResult<bool> step() noexcept;
  void reset() noexcept;

  bool is_null(int column) const noexcept;
  bool is_text(int column) const noexcept;
  std::int64_t integer(int column) const noexcept;
  std::optional<std::int64_t> optional_integer(int column) const noexcept;
  std::string_view text(int column) const noexcept;
  std::optional<std::string_view> optional_text(int column) const noexcept;
  Blob blob(int column) const noexcept;
  int columns() const noexcept;
  enum class Type : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };
  Type type(int column) const noexcept;
  double real(int column) const noexcept;
  // What the query calls the column; good until the statement is destroyed.
  std::string_view column_name(int column) const noexcept;

  void bind(int index, std::int64_t value) noexcept;
  void bind(int index, const std::optional<std::int64_t>& value) noexcept;
  void bind(int index, std::string_view value) noexcept;
  void bind(int index, const std::optional<std::string>& value) noexcept;
  void bind(int index, Blob value) noexcept;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  SqlResult<void> run_bound() noexcept;

  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  enum class Mode : std::uint8_t {
    kCreate,     // reads and writes; makes the file where there is none
    kReadWrite,  // the file must exist
    kReadOnly,
  };
  struct Options {
    Mode mode = Mode::kCreate;
    int busy_timeout_ms = 0;    // how long a call waits for a lock that another process has
    const char* vfs = nullptr;  // SQLite's default
  };

  static SqlResult<Database> open(const std::string& path, const Options& options) noexcept;
  Database() = default;
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  bool is_open() const { return database_ != nullptr; }
  // Closes the file; every Statement must be gone.
  void close() noexcept;

  SqlResult<Statement> prepare(Sql sql) noexcept;
  // A query that a person wrote: exactly one statement, which does nothing but read tables and call
  // functions. The connection prepares nothing else from then on.
  SqlResult<Statement> prepare_query(const std::string& text) noexcept;
  // Runs all statements of the text; rows are dropped.
  SqlResult<void> execute(Sql sql) noexcept;
  // The first column of the first row; an error if there is no row.
  SqlResult<std::int64_t> query_integer(Sql sql) noexcept;
  SqlResult<std::string> query_text(Sql sql) noexcept;

  enum class Checkpoint : std::uint8_t {
    kPassive,   // as much as is possible without waiting
    kTruncate,  // all, and makes the WAL an empty file; SQLITE_BUSY if somebody reads
  };
  SqlResult<void> checkpoint(Checkpoint kind) noexcept;
  // Whether the name leads to another file than the one that is open, or to none.
  bool has_moved() noexcept;
  // True outside a transaction.
  bool is_idle() const noexcept;
  // For files that others may have prepared: no functions out of its schema, no writable schema,
  // every cell is checked.
  void distrust() noexcept;

 private:
  SqlError error(int code, std::string_view where) const noexcept;

  sqlite3* database_ = nullptr;
};

// The version of the library, for `info`.
std::string_view sqlite_version() noexcept;

}  // namespace throttle::journal
