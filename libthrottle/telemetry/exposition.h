// Writes a metrics page in Prometheus' text format 0.0.4.
//
// Families may be begun in any order and stand sorted by name on the page, samples sorted by the
// values of their labels. A family without samples is left out. Integers are printed as integers.
// A page that is too long to be whole in memory is put together from the functions at the end.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/telemetry/histogram.h"

namespace throttle::telemetry {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

// The value may be any bytes: it is escaped, and what is not UTF-8 becomes U+FFFD.
struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

class Exposition {
 public:
  class Family {
   public:
    // No two samples of a family have the same labels.
    void add(Labels labels, std::uint64_t value) { add_sample(labels, value); }
    void add(Labels labels, std::int64_t value) { add_sample(labels, value); }
    void add(Labels labels, double value) { add_sample(labels, value); }
    void add(Labels labels, const Histogram& value) { add_sample(labels, value); }

   private:
    friend class Exposition;
    struct Sample {
      std::string order;  // the values of the labels
      std::string lines;
    };
    Family(std::string_view name, std::string_view type, std::string_view help)
        : name_(name), type_(type), help_(help) {}
    template <typename Value>
    void add_sample(Labels labels, const Value& value);

    std::string_view name_;
    std::string_view type_;
    std::string_view help_;
    std::vector<Sample> samples_;
  };

  // `name` and `help` are static text. The family lives as long as the page.
  Family& counter(std::string_view name, std::string_view help);
  Family& gauge(std::string_view name, std::string_view help);
  Family& histogram(std::string_view name, std::string_view help);

  // One family with all its lines.
  struct FamilyText {
    std::string_view name;
    std::string lines;
  };
  // In the order of their names.
  std::vector<FamilyText> families() const;
  std::string text() const;

 private:
  Family& family(std::string_view name, std::string_view type, std::string_view help);

  std::map<std::string_view, Family> families_;
};

// The lines of a family that is written sample by sample: first its head, then its samples in the
// order of their labels. `type` is "counter", "gauge" or "histogram".
void append_family_head(std::string& out, std::string_view name, std::string_view type,
                        std::string_view help);
void append_sample(std::string& out, std::string_view name, Labels labels, std::uint64_t value);
void append_sample(std::string& out, std::string_view name, Labels labels, std::int64_t value);
void append_sample(std::string& out, std::string_view name, Labels labels, double value);
void append_sample(std::string& out, std::string_view name, Labels labels, const Histogram& value);

}  // namespace throttle::telemetry
