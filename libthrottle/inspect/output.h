// Shows what a command found: a table for people, or one array of JSON, or CSV.
//
// A command may write lines, which people alone see, and any number of tables; machines get one
// array of objects, so a command for them begins exactly one table. Rows are written as they come:
// the widths are those of the first thousand. Columns that are only for `wide` are always there for
// machines. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "libthrottle/inspect/cell.h"
#include "libthrottle/inspect/moment.h"

namespace throttle::inspect {

enum class Format : std::uint8_t {
  kTable,
  kJson,   // one array
  kLines,  // an object a line
  kCsv,
};

struct Style {
  Format format = Format::kTable;
  bool header = true;
  bool wide = false;
  bool color = false;
  Zone zone = Zone::kLocal;
  std::size_t width = 0;                  // of the terminal; 0: nothing is cut
  std::vector<std::string> columns = {};  // headings in any case; empty: all
};

// What the column is called by machines: "ended_by", "held_ms".
std::string key_of(const Column& column);

class Output {
 public:
  // False: nobody reads any more.
  using Sink = std::function<bool(std::string_view)>;

  Output(Sink sink, Style style);

  const Style& style() const { return style_; }
  bool is_for_people() const { return style_.format == Format::kTable; }
  // Something is still reading.
  bool is_open() const { return open_; }

  // A line that people see. Control characters in it are escaped.
  void line(std::string_view text = {});
  // As it is, for people and machines alike. Not within a table.
  void text(std::string_view text);
  // Error kInvalidArgument: --columns names one that is not there.
  Result<void> begin(Columns columns);
  // As many cells as there are columns.
  void add(Row row);
  void end();
  std::size_t rows() const { return row_count_; }

 private:
  void write(std::string_view text);
  bool is_shown(const Column& column) const;
  Result<void> choose();
  void measure();
  void write_header();
  void write_row(const Row& row);
  void write_line_of(const std::vector<std::string>& texts);
  void write_csv(const Row& row);
  void write_json(const Row& row);
  void flush_rows();
  std::string text_of(const Column& column, const Cell& cell) const;

  Sink sink_;
  Style style_;
  bool open_ = true;
  bool in_table_ = false;
  Columns columns_;
  std::vector<std::size_t> chosen_;  // the columns that are shown, in their order
  std::vector<std::size_t> widths_;  // of these
  std::vector<Row> held_back_;       // until the widths are known
  bool measured_ = false;
  std::size_t row_count_ = 0;
};

// A cell as people see it.
std::string people_text(const Column& column, const Cell& cell, Zone zone);

}  // namespace throttle::inspect
