#include "libthrottle/config/findings.h"

#include <algorithm>
#include <utility>

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

std::vector<std::string> Findings::warnings() const {
  std::vector<std::string> lines;
  for (const Finding& finding : findings_) {
    if (finding.severity == Severity::kWarning) {
      lines.push_back(place(finding.position) + finding.text);
    }
  }
  return lines;
}

std::string Findings::report() const {
  std::string lines;
  for (const Finding& finding : findings_) {
    if (!lines.empty()) lines += '\n';
    lines += place(finding.position);
    if (finding.severity == Severity::kWarning) lines += "warning: ";
    lines += finding.text;
  }
  return lines;
}

void Findings::add(Severity severity, Position position, std::string text) {
  const auto behind = std::ranges::upper_bound(findings_, position, {}, &Finding::position);
  findings_.insert(behind, {position, severity, std::move(text)});
}

std::string Findings::place(Position position) const {
  return file_ + ':' + std::to_string(position.line) + ':' + std::to_string(position.column) + ": ";
}

}  // namespace throttle::config
