// Sorts findings by their place in the file, and formats them.
#include "libthrottle/config/findings.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::config {

namespace {

std::string with_key(std::string_view key, std::string_view text) {
  return key.empty() ? std::string(text) : std::string(key) + ": " + std::string(text);
}

}  // namespace

void Findings::error(Position position, std::string_view key, std::string_view text) {
  has_errors_ = true;
  add(Severity::kError, position, with_key(key, text));
}

void Findings::warning(Position position, std::string_view key, std::string_view text) {
  add(Severity::kWarning, position, with_key(key, text));
}

void Findings::doubt(Position position, std::string_view key, std::string_view text) {
  add(Severity::kDoubt, position, with_key(key, text));
}

std::vector<std::string> Findings::warnings() const {
  return lines_of({Severity::kWarning, Severity::kDoubt});
}

std::vector<std::string> Findings::doubts() const {
  return lines_of({Severity::kDoubt});
}

std::vector<std::string> Findings::lines_of(std::initializer_list<Severity> severities) const {
  std::vector<std::string> lines;
  for (const Finding& finding : findings_) {
    if (std::ranges::find(severities, finding.severity) != severities.end())
      lines.push_back(place(finding.position) + finding.text);
  }
  return lines;
}

std::string Findings::report() const {
  std::string lines;
  for (const Finding& finding : findings_) {
    if (!lines.empty()) lines += '\n';
    lines += place(finding.position);
    if (finding.severity != Severity::kError) lines += "warning: ";
    lines += finding.text;
  }
  return lines;
}

void Findings::add(Severity severity, Position position, std::string text) {
  THROTTLE_CHECK(position.line > 0 && position.column > 0);
  const auto behind = std::ranges::upper_bound(findings_, position, {}, &Finding::position);
  findings_.insert(behind, {position, severity, std::move(text)});
}

std::string Findings::place(Position position) const {
  return file_ + ':' + std::to_string(position.line) + ':' + std::to_string(position.column) + ": ";
}

}  // namespace throttle::config
