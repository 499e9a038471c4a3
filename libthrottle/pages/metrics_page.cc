// Merges the short and the long families by name while they are written. The head of a long family
// goes before its first sample, so one without samples leaves no trace.
#include "libthrottle/pages/metrics_page.h"

#include <algorithm>
#include <utility>

#include "libthrottle/core/check.h"

namespace throttle::pages {

telemetry::Exposition& MetricsPage::short_families() {
  THROTTLE_CHECK(!writing_);
  return gathered_;
}

void MetricsPage::add(LongFamily family) {
  THROTTLE_CHECK(!writing_ && family.append != nullptr);
  long_.push_back(std::move(family));
}

http::Producer::Progress MetricsPage::produce(std::string& out, TimePoint /*now*/) {
  if (!writing_) begin();
  const std::size_t enough = out.size() + http::kPieceBytes;
  while (out.size() < enough) {
    if (next_short_ == short_.size() && next_long_ == long_.size()) return Progress::kEnd;
    write_some(out);
  }
  return Progress::kMore;
}

void MetricsPage::begin() {
  writing_ = true;
  short_ = std::exchange(gathered_, {}).families();
  std::ranges::sort(long_, {}, &LongFamily::name);
  const auto same = std::ranges::adjacent_find(long_, {}, &LongFamily::name);
  THROTTLE_CHECK(same == long_.end());
}

void MetricsPage::write_some(std::string& out) {
  const bool is_long =
      next_short_ == short_.size() ||
      (next_long_ < long_.size() && long_[next_long_].name < short_[next_short_].name);
  if (!is_long) {
    out += std::exchange(short_[next_short_++].lines, {});
    return;
  }
  const LongFamily& family = long_[next_long_];
  if (next_entry_ < family.entries) return write_entry(out, family);
  ++next_long_;
  next_entry_ = 0;
  has_head_ = false;
}

void MetricsPage::write_entry(std::string& out, const LongFamily& family) {
  THROTTLE_CHECK(next_entry_ < family.entries);
  const std::size_t start = out.size();
  if (!has_head_) telemetry::append_family_head(out, family.name, family.type, family.help);
  const std::size_t before = out.size();
  family.append(out, next_entry_++);
  THROTTLE_CHECK(out.size() >= before);
  if (out.size() == before)
    out.resize(start);
  else
    has_head_ = true;
}

}  // namespace throttle::pages
