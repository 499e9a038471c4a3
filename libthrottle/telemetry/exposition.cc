// Collects metric families, sorts them, and escapes names and values.
#include "libthrottle/telemetry/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "libthrottle/core/text.h"

namespace throttle::telemetry {
namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  constexpr double kExactIntegers = 9'007'199'254'740'992;  // 2^53
  if (value == std::trunc(value) && std::abs(value) < kExactIntegers) {
    return std::to_string(static_cast<std::int64_t>(value));
  }
  std::array<char, 32> digits{};
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

void append_escaped(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const std::string_view before = value;
    const char32_t character = take_character(value);
    switch (character) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      case kBrokenCharacter:
        out += "\xef\xbf\xbd";
        break;
      default:
        out += before.substr(0, before.size() - value.size());
    }
  }
}

// name="value",name="value"
void append_labels(std::string& out, Labels labels) {
  const char* comma = "";
  for (const Label& label : labels) {
    out.append(comma).append(label.name).append("=\"");
    append_escaped(out, label.value);
    out += '"';
    comma = ",";
  }
}

void append_number(std::string& out, std::string_view name, Labels labels,
                   std::string_view number) {
  out.append(name);
  if (labels.size() > 0) {
    out += '{';
    append_labels(out, labels);
    out += '}';
  }
  out.append(" ").append(number).append("\n");
}

std::string values_of(Labels labels) {
  std::string values;
  for (const Label& label : labels)
    values.append(label.value).append(1, '\0');
  return values;
}

}  // namespace

void append_family_head(std::string& out, std::string_view name, std::string_view type,
                        std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_sample(std::string& out, std::string_view name, Labels labels, std::uint64_t value) {
  append_number(out, name, labels, std::to_string(value));
}

void append_sample(std::string& out, std::string_view name, Labels labels, std::int64_t value) {
  append_number(out, name, labels, std::to_string(value));
}

void append_sample(std::string& out, std::string_view name, Labels labels, double value) {
  append_number(out, name, labels, number_text(value));
}

void append_sample(std::string& out, std::string_view name, Labels labels, const Histogram& value) {
  std::string common;
  append_labels(common, labels);
  const std::string_view comma = common.empty() ? "" : ",";
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < value.counts.size(); ++i) {
    const bool last = i == Histogram::kBounds.size();
    const std::string_view bound = last ? "+Inf" : Histogram::kBounds[i].seconds;
    count += value.counts[i];
    out.append(name).append("_bucket{").append(common).append(comma).append("le=\"");
    out.append(bound).append("\"} ").append(std::to_string(count)).append("\n");
  }
  const std::string in_braces = common.empty() ? "" : "{" + common + "}";
  out.append(name).append("_sum").append(in_braces).append(" ");
  out.append(number_text(value.sum_seconds)).append("\n");
  out.append(name).append("_count").append(in_braces).append(" ");
  out.append(std::to_string(count)).append("\n");
}

template <typename Value>
void Exposition::Family::add_sample(Labels labels, const Value& value) {
  Sample& sample = samples_.emplace_back();
  sample.order = values_of(labels);
  append_sample(sample.lines, name_, labels, value);
}
template void Exposition::Family::add_sample(Labels, const std::uint64_t&);
template void Exposition::Family::add_sample(Labels, const std::int64_t&);
template void Exposition::Family::add_sample(Labels, const double&);
template void Exposition::Family::add_sample(Labels, const Histogram&);

Exposition::Family& Exposition::family(std::string_view name, std::string_view type,
                                       std::string_view help) {
  return families_.try_emplace(name, Family(name, type, help)).first->second;
}

Exposition::Family& Exposition::counter(std::string_view name, std::string_view help) {
  return family(name, "counter", help);
}

Exposition::Family& Exposition::gauge(std::string_view name, std::string_view help) {
  return family(name, "gauge", help);
}

Exposition::Family& Exposition::histogram(std::string_view name, std::string_view help) {
  return family(name, "histogram", help);
}

std::vector<Exposition::FamilyText> Exposition::families() const {
  std::vector<FamilyText> texts;
  for (const auto& [name, family] : families_) {
    if (family.samples_.empty()) continue;
    std::string& lines = texts.emplace_back(FamilyText{name, {}}).lines;
    append_family_head(lines, name, family.type_, family.help_);
    std::vector<const Family::Sample*> sorted;
    for (const Family::Sample& sample : family.samples_)
      sorted.push_back(&sample);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->order < b->order; });
    for (const Family::Sample* sample : sorted)
      lines += sample->lines;
  }
  return texts;
}

std::string Exposition::text() const {
  std::string page;
  for (const FamilyText& family : families())
    page += family.lines;
  return page;
}

}  // namespace throttle::telemetry
