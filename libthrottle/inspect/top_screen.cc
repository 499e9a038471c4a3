// Two tables under two lines: the semaphores, and the peers that hold and wait. Both are tables of
// Output, written into a string, and cut to the screen.
#include "libthrottle/inspect/top_screen.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"
#include "libthrottle/inspect/journals.h"
#include "libthrottle/inspect/status_text.h"
#include "libthrottle/inspect/visible.h"

namespace throttle::inspect {

namespace {

constexpr std::size_t kLeastColumns = 20;
constexpr std::size_t kLeastRows = 4;
constexpr TopScreen::Size kUsual{80, 24};       // of a terminal that does not know its size
constexpr std::size_t kColumnsForExpiry = 100;  // with less, labels need the room
constexpr std::string_view kReverse = "\x1b[7m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kEraseRight = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A table of at most `rows` lines with its heading.
std::vector<std::string> table(Columns columns, std::vector<Row> rows, std::size_t most,
                               const Style& style) {
  std::string text;
  Output out(
      [&text](std::string_view part) {
        text += part;
        return true;
      },
      style);
  if (most < 2 || !out.begin(std::move(columns))) return {};
  const std::size_t shown = std::min(rows.size(), most - 1);
  for (std::size_t i = 0; i < shown; ++i)
    out.add(std::move(rows[i]));
  out.end();
  std::vector<std::string> lines = split_lines(text);
  if (shown < rows.size() && lines.size() > 1)
    lines.back() = "… and " + std::to_string(rows.size() - shown + 1) + " more";
  return lines;
}

std::string name_of(const LiveEntry& entry) {
  std::string text = "peer " + std::to_string(entry.peer);
  if (!entry.label.empty()) text += " \"" + entry.label + '"';
  return text;
}

void drop_last_character(std::string& text) {
  constexpr unsigned kTwoBits = 0xC0;
  constexpr unsigned kContinued = 0x80;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.back());
    text.pop_back();
    if ((byte & kTwoBits) != kContinued) return;
  }
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

// --- keys ---

TopScreen::Wish TopScreen::take(const Key& key, const TopPicture& picture) {
  notice_.clear();
  if (key.is == Key::Is::kInterrupt) return Wish::kInterrupt;
  return mode_ == Mode::kView ? take_view(key) : take_input(key, picture);
}

TopScreen::Wish TopScreen::take_view(const Key& key) {
  if (key.text == "q" || key.text == "Q") return Wish::kQuit;
  if (key.text == "s") {
    order_ = order_ == Order::kName      ? Order::kWaiting
             : order_ == Order::kWaiting ? Order::kLongest
                                         : Order::kName;
  } else if (key.text == "f" || key.text == "/") {
    mode_ = Mode::kFilter;
    input_ = filter_;
  } else if (key.text == "k") {
    mode_ = Mode::kKickPeer;
    input_.clear();
  }
  return Wish::kDraw;
}

TopScreen::Wish TopScreen::take_input(const Key& key, const TopPicture& picture) {
  switch (key.is) {
    case Key::Is::kEscape:
      mode_ = Mode::kView;
      break;
    case Key::Is::kBackspace:
      drop_last_character(input_);
      break;
    case Key::Is::kEnter:
      return enter(picture);
    case Key::Is::kCharacter:
      if (mode_ != Mode::kKickConfirm) {
        input_ += key.text;
        break;
      }
      mode_ = Mode::kView;
      if (key.text == "y" || key.text == "Y") return Wish::kKick;
      say("Nothing was ended.");
      break;
    case Key::Is::kInterrupt:
      break;
  }
  return Wish::kDraw;
}

TopScreen::Wish TopScreen::enter(const TopPicture& picture) {
  switch (mode_) {
    case Mode::kFilter:
      filter_ = input_;
      mode_ = Mode::kView;
      break;
    case Mode::kKickPeer:
      ask_for_reason(picture);
      break;
    case Mode::kKickReason:
      if (input_.empty()) break;
      kick_.reason = input_;
      mode_ = Mode::kKickConfirm;
      break;
    case Mode::kKickConfirm:
      mode_ = Mode::kView;
      say("Nothing was ended.");
      break;
    case Mode::kView:
      break;
  }
  return Wish::kDraw;
}

// One peer must match; the question says what will be ended.
void TopScreen::ask_for_reason(const TopPicture& picture) {
  mode_ = Mode::kView;
  const auto peer = PeerPattern::parse(input_);
  if (!peer) return say(peer.error().message);
  std::vector<const LiveEntry*> found;
  std::string what;
  const auto look = [&](const LiveSemaphore& semaphore, const std::vector<LiveEntry>& entries,
                        std::string_view does) {
    for (const LiveEntry& entry : entries) {
      if (!peer->accepts(entry.peer, entry.client, entry.label)) continue;
      found.push_back(&entry);
      what.append(what.empty() ? "" : ", ").append(does);
      what.append(std::to_string(entry.count)).append(" of ").append(semaphore.name);
    }
  };
  for (const LiveSemaphore& semaphore : picture.semaphores) {
    look(semaphore, semaphore.held, "holds ");
    look(semaphore, semaphore.waiting, "waits for ");
  }
  if (found.empty()) return say("No such peer holds or waits.");
  const std::uint64_t id = found.front()->peer;
  if (std::ranges::any_of(found, [id](const LiveEntry* it) { return it->peer != id; }))
    return say("Several peers match; name one by its id.");
  kick_ = {.peer = id, .reason = {}};
  question_ = "[y/N] End " + name_of(*found.front()) + ", which " + what + "? (" +
              found.front()->client + "; its work may go on)";
  mode_ = Mode::kKickReason;
  input_.clear();
}

// --- the picture ---

std::string TopScreen::status_line(const TopPicture& picture) const {
  switch (mode_) {
    case Mode::kFilter:
      return "Show what contains (Enter; empty: all): " + input_;
    case Mode::kKickPeer:
      return "End which peer? Its id, client:ADDRESS or label:TEXT: " + input_;
    case Mode::kKickReason:
      return "Why, for the log and the journal: " + input_;
    case Mode::kKickConfirm:
      return question_;
    case Mode::kView:
      break;
  }
  if (!notice_.empty()) return notice_;
  if (!picture.trouble.empty())
    return "As of " + format_clock(picture.at_us, zone_) + ": " + picture.trouble;
  std::string line = format_clock(picture.at_us, zone_) + "  every " + delay_ + "  [s]ort: ";
  line += order_ == Order::kName ? "name" : order_ == Order::kWaiting ? "waiting" : "longest";
  line += "  [f]ilter: " + (filter_.empty() ? "-" : filter_);
  return line + "  [k]ick  [q]uit";
}

bool TopScreen::accepts(const LiveSemaphore& semaphore, const LiveEntry& entry) const {
  return filter_.empty() || contains(semaphore.name, filter_) || contains(entry.client, filter_) ||
         contains(entry.label, filter_) || contains(std::to_string(entry.peer), filter_);
}

std::vector<const LiveSemaphore*> TopScreen::chosen(const TopPicture& picture) const {
  std::vector<const LiveSemaphore*> all;
  for (const LiveSemaphore& semaphore : picture.semaphores) {
    const auto accepted = [&](const LiveEntry& entry) { return accepts(semaphore, entry); };
    if (contains(semaphore.name, filter_) || std::ranges::any_of(semaphore.held, accepted) ||
        std::ranges::any_of(semaphore.waiting, accepted))
      all.push_back(&semaphore);
  }
  if (order_ == Order::kWaiting) {
    std::ranges::stable_sort(all, std::ranges::greater(),
                             [](const LiveSemaphore* it) { return it->waiting.size(); });
  } else if (order_ == Order::kLongest) {
    std::ranges::stable_sort(all, std::ranges::greater(), &LiveSemaphore::longest_wait_us);
  }
  return all;
}

std::vector<std::string> TopScreen::lines(const TopPicture& picture, Size size) const {
  size.columns = std::max(size.columns == 0 ? kUsual.columns : size.columns, kLeastColumns);
  size.rows = std::max(size.rows == 0 ? kUsual.rows : size.rows, kLeastRows);
  Style style;
  style.zone = zone_;
  style.width = size.columns;
  const bool has_expiry = size.columns >= kColumnsForExpiry;
  const auto semaphores = chosen(picture);
  std::vector<Row> upper;
  std::vector<std::pair<std::int64_t, Row>> lower;
  for (const LiveSemaphore* const semaphore : semaphores) {
    upper.push_back(status_row(*semaphore, picture.samples, ForWhom::kPeople));
    const auto add = [&](const LiveEntry& entry, std::string_view state) {
      if (!accepts(*semaphore, entry)) return;
      Row row{std::string(state) + ' ' + std::to_string(entry.count),
              semaphore->name,
              static_cast<std::int64_t>(entry.peer),
              cell(entry.client),
              cell(entry.label),
              entry.span_us};
      if (has_expiry) row.push_back(cell(entry.expires_in_us));
      lower.emplace_back(entry.span_us, std::move(row));
    };
    for (const LiveEntry& held : semaphore->held)
      add(held, "holds");
    for (const LiveEntry& waiting : semaphore->waiting)
      add(waiting, "waits");
  }
  if (order_ == Order::kLongest)
    std::ranges::stable_sort(lower, std::ranges::greater(), &std::pair<std::int64_t, Row>::first);
  std::vector<Row> entries;
  entries.reserve(lower.size());
  for (auto& [span, row] : lower)
    entries.push_back(std::move(row));

  std::vector<std::string> all{visible(picture.head), visible(status_line(picture))};
  const std::size_t left = size.rows - all.size();
  const std::size_t half = std::max<std::size_t>(left / 2, 2);
  const std::size_t above = entries.empty() ? left : std::min(upper.size() + 1, half);
  const auto append = [&all](std::vector<std::string> more) {
    std::ranges::move(more, std::back_inserter(all));
  };
  append(table(status_columns(ForWhom::kPeople), std::move(upper), above, style));
  if (!entries.empty() && all.size() < size.rows) {
    using enum ColumnKind;
    Columns columns{{"STATE"},  {"SEMAPHORE"},     {"PEER", kId},
                    {"CLIENT"}, {"LABEL", kLabel}, {"FOR", kSpan}};
    if (has_expiry) columns.push_back({"EXPIRES IN", kSpan});
    append(table(std::move(columns), std::move(entries), size.rows - all.size(), style));
  }
  for (std::string& line : all)
    line = cut(line, size.columns);
  return all;
}

std::string TopScreen::frame(const TopPicture& picture, Size size) const {
  std::string out(kHome);
  bool first = true;
  for (const std::string& line : lines(picture, size)) {
    if (!std::exchange(first, false)) out += "\r\n";
    const bool is_heading = line.starts_with("SEMAPHORE ") || line.starts_with("STATE ");
    if (is_heading) out += kReverse;
    out += line;
    if (is_heading) out += kPlain;
    out += kEraseRight;
  }
  return out + std::string(kEraseBelow);
}

}  // namespace throttle::inspect
