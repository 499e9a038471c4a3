// `export` and `sql`.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>

#include "libthrottle/core/check.h"
#include "libthrottle/inspect/file_commands.h"
#include "libthrottle/inspect/journals.h"
#include "libthrottle/inspect/system.h"
#include "libthrottle/journal/schema.h"

namespace throttle::inspect {

namespace {

namespace fs = std::filesystem;

fs::path path_of(const std::string& utf8) {
  return std::u8string(utf8.begin(), utf8.end());
}

// The columns of the view event_text.
const Columns& event_columns() {
  using enum ColumnKind;
  static const Columns* const kColumns = new Columns{{"SEQ", kNumber},
                                                     {"AT", kInstant},
                                                     {"KIND"},
                                                     {"SEMAPHORE"},
                                                     {"PEER", kId},
                                                     {"CLIENT"},
                                                     {"LABEL"},
                                                     {"COUNT", kNumber},
                                                     {"CAUSE"},
                                                     {"SPAN US", kNumber},
                                                     {"SINCE SEQ", kNumber},
                                                     {"TOKEN", kNumber},
                                                     {"EXCESS", kNumber},
                                                     {"DETAIL"}};
  return *kColumns;
}

Row event_row(const journal::EventText& event) {
  return {event.seq,
          event.at_us,
          std::string(journal::kind_name(event.kind_no)),
          cell(event.semaphore),
          cell(event.peer),
          cell(event.client),
          cell(event.label),
          cell(event.count),
          cell(journal::cause_name(event.cause_no)),
          cell(event.span_us),
          cell(event.since_seq),
          cell(event.token),
          cell(event.excess),
          cell(event.detail)};
}

// All events as CSV, or as an object a line.
Result<void> write_events(OpenJournal& journal, const std::string& path, bool as_csv) {
  std::ofstream file(path_of(path), std::ios::binary);
  const auto write = [&file](std::string_view text) {
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    return file.good();
  };
  Output out(write, {.format = as_csv ? Format::kCsv : Format::kLines});
  if (auto begun = out.begin(event_columns()); !begun) return begun;
  auto done = journal::visit_events(journal.reader, {}, [&out](const journal::EventText& event) {
    out.add(event_row(event));
    return out.is_open();
  });
  if (!done) return done;
  out.end();
  file.close();
  if (file.fail()) return fail(ErrorCode::kUnavailable, path + " cannot be written.");
  return {};
}

// Makes the part durable, then gives it its name. Nothing that is there is replaced: a hard link
// fails where a name exists, unlike a rename.
Result<void> publish(const std::string& part, const std::string& target) {
  if (!sync_file(part)) return fail(ErrorCode::kUnavailable, part + " cannot be synced to disk.");
  std::error_code error;
  fs::create_hard_link(path_of(part), path_of(target), error);
  if (!error) {
    fs::remove(path_of(part), error);
    return {};
  }
  if (fs::exists(path_of(target)))
    return fail(ErrorCode::kInUse, target + " exists. Name a file that does not.");
  fs::rename(path_of(part), path_of(target), error);  // of file systems without links
  if (error)
    return fail(ErrorCode::kUnavailable,
                part + " cannot be renamed to " + target + ": " + error.message() + '.');
  return {};
}

Cell value_of(const journal::Statement& row, int column) {
  using enum journal::Statement::Type;
  switch (row.type(column)) {
    case kNull:
      return {};
    case kInteger:
      return row.integer(column);
    case kReal:
      return row.real(column);
    case kText:
      return std::string(row.text(column));
    case kBlob:
      break;
  }
  std::string hex;
  for (const std::uint8_t byte : row.blob(column)) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", byte);
    hex += digits.data();
  }
  return hex;
}

// The columns as the query names them; numbers to the right if the first row has one there.
Columns columns_of(const journal::Statement& rows, bool has_row) {
  Columns columns;
  for (int i = 0; i < rows.columns(); ++i) {
    const bool number = has_row && (rows.type(i) == journal::Statement::Type::kInteger ||
                                    rows.type(i) == journal::Statement::Type::kReal);
    columns.push_back(
        {std::string(rows.column_name(i)), number ? ColumnKind::kNumber : ColumnKind::kText});
  }
  return columns;
}

Result<Exit> show_rows(Context& context, journal::Reader& reader) {
  const auto failure = [&reader](const journal::SqlError& error) {
    return fail(ErrorCode::kInvalidArgument, reader.path() + ": " + error.message + '.');
  };
  if (auto limited = reader.database().execute("PRAGMA query_only = ON"); !limited)
    return failure(limited.error());
  auto rows = reader.database().prepare_query(context.given.words.front());
  if (!rows) return failure(rows.error());
  auto row = rows->step();
  if (!row) return failure(row.error());
  auto begun = context.out.begin(columns_of(*rows, *row));
  if (!begun) return tl::unexpected(begun.error());
  while (*row && context.out.is_open()) {
    Row cells;
    for (int i = 0; i < rows->columns(); ++i)
      cells.push_back(value_of(*rows, i));
    context.out.add(std::move(cells));
    row = rows->step();
    if (!row) return failure(row.error());
  }
  context.out.end();
  return Exit::kShown;
}

}  // namespace

Result<Exit> export_file(Context& context) {
  const std::string target = context.given.value("to");
  if (target.empty())
    return fail(ErrorCode::kInvalidArgument, "export: expected --to FILE, where to write.");
  const bool as_csv = context.given.has("csv");
  const bool as_lines = context.given.has("ndjson");
  if (as_csv && as_lines)
    return fail(ErrorCode::kInvalidArgument, "--csv and --ndjson exclude each other.");
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  if (journals->size() != 1)
    return fail(ErrorCode::kInvalidArgument, "export takes one journal; name it with -j.");
  OpenJournal& journal = journals->front();
  const std::string part = target + ".part";
  std::error_code error;
  if (fs::exists(path_of(target), error))
    return fail(ErrorCode::kInUse, target + " exists. Name a file that does not.");
  if (auto made = create_private_file(part); !made) {
    const bool taken = made.error().code == ErrorCode::kInUse;
    return fail(made.error().code,
                made.error().message + (taken ? " Name another file, or delete it if no export is "
                                                "running."
                                              : ""));
  }
  auto done = as_csv || as_lines ? write_events(journal, part, as_csv)
                                 : journal::copy_to(journal.reader, part);
  if (done) done = publish(part, target);
  if (!done) {
    fs::remove(path_of(part), error);
    return tl::unexpected(done.error());
  }
  context.world.remark(target + " is complete, " +
                       std::to_string(fs::file_size(path_of(target), error)) + " bytes.");
  return Exit::kShown;
}

Result<Exit> run_query(Context& context) {
  auto journals = open_journals(context);
  if (!journals) return tl::unexpected(journals.error());
  if (journals->size() != 1)
    return fail(ErrorCode::kInvalidArgument, "sql takes one journal; name it with -j.");
  return show_rows(context, journals->front().reader);
}

}  // namespace throttle::inspect
