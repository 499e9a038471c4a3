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
std::string to_text(Labels labels) {
  std::string text;
  for (const Label& label : labels) {
    if (!text.empty()) text += ',';
    text.append(label.name).append("=\"");
    append_escaped(text, label.value);
    text += '"';
  }
  return text;
}

std::string values_of(Labels labels) {
  std::string values;
  for (const Label& label : labels)
    values.append(label.value).append(1, '\0');
  return values;
}

}  // namespace

void Exposition::Family::add_number(Labels labels, std::string_view number) {
  std::string line(name_);
  if (labels.size() > 0) line.append("{").append(to_text(labels)).append("}");
  line.append(" ").append(number).append("\n");
  samples_.push_back({values_of(labels), std::move(line)});
}

void Exposition::Family::add(Labels labels, std::uint64_t value) {
  add_number(labels, std::to_string(value));
}

void Exposition::Family::add(Labels labels, std::int64_t value) {
  add_number(labels, std::to_string(value));
}

void Exposition::Family::add(Labels labels, double value) {
  add_number(labels, number_text(value));
}

void Exposition::Family::add(Labels labels, const Histogram& value) {
  const std::string common = to_text(labels);
  const std::string_view comma = common.empty() ? "" : ",";
  std::string lines;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < value.counts.size(); ++i) {
    const bool last = i == Histogram::kBounds.size();
    const std::string_view bound = last ? "+Inf" : Histogram::kBounds[i].seconds;
    count += value.counts[i];
    lines.append(name_).append("_bucket{").append(common).append(comma).append("le=\"");
    lines.append(bound).append("\"} ").append(std::to_string(count)).append("\n");
  }
  const std::string in_braces = common.empty() ? "" : "{" + common + "}";
  lines.append(name_).append("_sum").append(in_braces).append(" ");
  lines.append(number_text(value.sum_seconds)).append("\n");
  lines.append(name_).append("_count").append(in_braces).append(" ");
  lines.append(std::to_string(count)).append("\n");
  samples_.push_back({values_of(labels), std::move(lines)});
}

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

std::string Exposition::text() const {
  std::string page;
  for (const auto& [name, family] : families_) {
    if (family.samples_.empty()) continue;
    page.append("# HELP ").append(name).append(" ").append(family.help_);
    page.append("\n# TYPE ").append(name).append(" ").append(family.type_).append("\n");
    std::vector<const Family::Sample*> sorted;
    for (const Family::Sample& sample : family.samples_)
      sorted.push_back(&sample);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->order < b->order; });
    for (const Family::Sample* sample : sorted)
      page += sample->lines;
  }
  return page;
}

}  // namespace throttle::telemetry
