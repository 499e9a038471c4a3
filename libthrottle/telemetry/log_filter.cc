// Parses filter expressions and finds the longest matching target.
#include "libthrottle/telemetry/log_filter.h"

#include <algorithm>
#include <regex>

namespace throttle::telemetry {
namespace {

// std::regex searches recursively: this keeps its depth far from the end of any stack.
constexpr std::size_t kSearchedBytes = 512;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void tell_ignored(std::string& warning, std::string_view what, std::string_view text) {
  if (!warning.empty()) warning += "; ";
  warning.append(what).append(" '").append(text).append("' is ignored");
}

}  // namespace

struct LogFilter::Expression {
  std::regex pattern;

  // Null if the text is no regular expression.
  static std::shared_ptr<const Expression> compile(std::string_view text) {
    try {
      return std::make_shared<Expression>(Expression{std::regex(text.begin(), text.end())});
    } catch (const std::regex_error&) {
      return nullptr;
    }
  }

  bool found_in(std::string_view text) const {
    try {
      return std::regex_search(text.begin(), text.end(), pattern);
    } catch (const std::regex_error&) {
      return true;  // too complex for this text: better a line too many
    }
  }
};

void LogFilter::set(std::string_view prefix, Level level) {
  const auto same = std::find_if(directives_.begin(), directives_.end(),
                                 [prefix](const Directive& d) { return d.prefix == prefix; });
  if (same != directives_.end()) {
    same->level = level;
  } else {
    directives_.push_back({std::string(prefix), level});
  }
}

std::string_view LogFilter::add(std::string_view directive, std::span<const std::string> targets) {
  if (const auto level = parse_level(directive)) {
    set("", *level);
    return {};
  }
  const std::size_t equals = directive.find('=');
  const std::string_view target = trim(directive.substr(0, equals));
  const bool exists =
      targets.empty() || std::ranges::any_of(targets, [target](const std::string& known) {
        return known.starts_with(target);
      });
  if (!exists) return target;
  if (equals == std::string_view::npos || equals + 1 == directive.size()) {
    set(target, Level::kTrace);
    return {};
  }
  const std::string_view name = trim(directive.substr(equals + 1));
  const auto level = parse_level(name);
  if (!level) return name.empty() ? directive : name;
  set(target, *level);
  return {};
}

ParsedFilter LogFilter::parse(std::string_view spec, const Known& known) {
  ParsedFilter parsed{LogFilter(), {}, {}};
  const std::size_t slash = spec.find('/');
  std::string_view rest = spec.substr(0, slash);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view directive = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (directive.empty()) continue;
    const std::string_view unknown = parsed.filter.add(directive, known.targets);
    if (unknown.empty()) continue;
    tell_ignored(parsed.warning, "log level", directive);
    parsed.unknown.emplace_back(unknown);
  }
  if (parsed.filter.directives_.empty()) parsed.filter.set("", known.fallback);
  if (slash == std::string_view::npos) return parsed;
  const std::string_view expression = spec.substr(slash + 1);
  parsed.filter.expression_ = Expression::compile(expression);
  if (!parsed.filter.expression_) tell_ignored(parsed.warning, "regular expression", expression);
  return parsed;
}

ParsedFilter LogFilter::parse(std::string_view spec) {
  return parse(spec, Known());
}

Level LogFilter::threshold(std::string_view target) const {
  const Directive* best = nullptr;
  for (const Directive& directive : directives_) {
    if (!target.starts_with(directive.prefix)) continue;
    if (best == nullptr || directive.prefix.size() > best->prefix.size()) best = &directive;
  }
  return best == nullptr ? Level::kOff : best->level;
}

bool LogFilter::passes(std::string_view text) const {
  return !expression_ || expression_->found_in(text.substr(0, kSearchedBytes));
}

}  // namespace throttle::telemetry
