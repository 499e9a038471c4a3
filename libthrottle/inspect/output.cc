// Tables, JSON and CSV. How single cells look is in output_cells.cc.
#include "libthrottle/inspect/output.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/core/text.h"
#include "libthrottle/inspect/output_cells.h"
#include "libthrottle/inspect/visible.h"

namespace throttle::inspect {

namespace {

constexpr std::size_t kMeasuredRows = 1000;
constexpr std::size_t kGap = 2;  // blanks between two columns
constexpr std::size_t kLeastLabel = 8;
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

bool is_right(ColumnKind kind) {
  return kind == ColumnKind::kNumber || kind == ColumnKind::kId || kind == ColumnKind::kSpan;
}

}  // namespace

Output::Output(Sink sink, Style style) : sink_(std::move(sink)), style_(std::move(style)) {}

void Output::write(std::string_view text) {
  if (open_) open_ = sink_(text);
}

void Output::line(std::string_view text) {
  THROTTLE_CHECK(!in_table_);
  if (is_for_people()) write(visible(text) + '\n');
}

bool Output::is_shown(const Column& column) const {
  return !column.wide || style_.wide || !is_for_people();
}

void Output::text(std::string_view text) {
  THROTTLE_CHECK(!in_table_);
  write(text);
}

// The columns of --columns in that order, or all.
Result<void> Output::choose() {
  chosen_.clear();
  const auto name_is = [](const Column& column, std::string_view name) {
    return equals_ignoring_case(column.heading, name) || equals_ignoring_case(key_of(column), name);
  };
  for (const std::string& name : style_.columns) {
    const auto found =
        std::ranges::find_if(columns_, [&](const Column& it) { return name_is(it, name); });
    if (found == columns_.end()) {
      std::string known;
      for (const Column& column : columns_)
        known += (known.empty() ? "" : ", ") + column.heading;
      return fail(ErrorCode::kInvalidArgument,
                  "--columns: there is no " + quote(name) + ". There are: " + known + ".");
    }
    chosen_.push_back(static_cast<std::size_t>(found - columns_.begin()));
  }
  if (!style_.columns.empty()) return {};
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (is_shown(columns_[i])) chosen_.push_back(i);
  return {};
}

Result<void> Output::begin(Columns columns) {
  THROTTLE_CHECK(!in_table_);
  columns_ = std::move(columns);
  if (auto done = choose(); !done) return done;
  in_table_ = true;
  measured_ = false;
  row_count_ = 0;
  if (style_.format == Format::kJson) write("[");
  if (style_.format == Format::kCsv && style_.header) write_header();
  return {};
}

void Output::add(Row row) {
  THROTTLE_CHECK(in_table_ && row.size() == columns_.size());
  ++row_count_;
  if (style_.format == Format::kCsv) return write_csv(row);
  if (!is_for_people()) return write_json(row);
  if (measured_) return write_row(row);
  held_back_.push_back(std::move(row));
  if (held_back_.size() == kMeasuredRows) flush_rows();
}

void Output::end() {
  THROTTLE_CHECK(in_table_);
  if (style_.format == Format::kTable && !measured_) flush_rows();
  if (style_.format == Format::kJson) write(row_count_ == 0 ? "]\n" : "\n]\n");
  in_table_ = false;
}

void Output::flush_rows() {
  measure();
  measured_ = true;
  if (style_.header) write_header();
  for (const Row& row : std::exchange(held_back_, {}))
    write_row(row);
}

// The widths of the columns; labels give way until the table fits the terminal.
void Output::measure() {
  widths_.clear();
  std::size_t sum = 0;
  for (const std::size_t i : chosen_) {
    std::size_t width = style_.header ? width_of(visible(columns_[i].heading)) : 0;
    for (const Row& row : held_back_)
      width = std::max(width, width_of(text_of(columns_[i], row[i])));
    widths_.push_back(width);
    sum += width + kGap;
  }
  sum -= std::min(sum, kGap);
  if (style_.width == 0 || sum <= style_.width) return;
  std::size_t surplus = sum - style_.width;
  for (std::size_t k = 0; k < chosen_.size(); ++k) {
    if (columns_[chosen_[k]].kind != ColumnKind::kLabel) continue;
    const std::size_t least = std::min(widths_[k], kLeastLabel);
    const std::size_t off = std::min(surplus, widths_[k] - least);
    widths_[k] -= off;
    surplus -= off;
  }
}

void Output::write_line_of(const std::vector<std::string>& texts) {
  std::string line;
  for (std::size_t k = 0; k < texts.size(); ++k) {
    const std::size_t width = width_of(texts[k]);
    const std::string blanks(widths_[k] > width ? widths_[k] - width : 0, ' ');
    if (k > 0) line.append(kGap, ' ');
    const bool right = is_right(columns_[chosen_[k]].kind);
    line += right ? blanks + texts[k] : texts[k] + blanks;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  write(line + '\n');
}

void Output::write_header() {
  if (style_.format == Format::kCsv) {
    std::string line;
    for (const std::size_t i : chosen_)
      line += (line.empty() ? "" : ",") + csv_text(key_of(columns_[i]));
    return write(line + "\r\n");
  }
  std::vector<std::string> texts;
  for (const std::size_t i : chosen_)
    texts.push_back(visible(columns_[i].heading));
  if (style_.color) write(kBold);
  write_line_of(texts);
  if (style_.color) write(kPlain);
}

std::string Output::text_of(const Column& column, const Cell& cell) const {
  return visible(people_text(column, cell, style_.zone));
}

void Output::write_row(const Row& row) {
  std::vector<std::string> texts;
  for (std::size_t k = 0; k < chosen_.size(); ++k) {
    const Column& column = columns_[chosen_[k]];
    std::string text = text_of(column, row[chosen_[k]]);
    const bool may_cut = column.kind == ColumnKind::kLabel && style_.width != 0;
    texts.push_back(may_cut ? cut(text, std::max<std::size_t>(widths_[k], 1)) : std::move(text));
  }
  write_line_of(texts);
}

void Output::write_csv(const Row& row) {
  std::string line;
  for (std::size_t k = 0; k < chosen_.size(); ++k) {
    if (k > 0) line += ',';
    line += csv_text(machine_text(columns_[chosen_[k]], row[chosen_[k]]));
  }
  write(line + "\r\n");
}

void Output::write_json(const Row& row) {
  std::vector<NamedCell> cells;
  for (const std::size_t i : chosen_)
    cells.push_back({key_of(columns_[i]), columns_[i].kind, row[i]});
  if (style_.format == Format::kLines) return write(json_object(cells) + '\n');
  write((row_count_ == 1 ? "\n  " : ",\n  ") + json_object(cells));
}

}  // namespace throttle::inspect
