// The page /metrics: gathered from the parts of a process, then written in pieces.
//
// Most families have a few samples and are written whole. Those with samples for each semaphore or
// each proxy are asked for them entry by entry, so a server with thousands of semaphores is not
// held by one scrape. Families are sorted by name. A page that fits into one piece shows one
// instant; in a longer one, gauges are of the instant at which it was gathered, and counters and
// histograms of the instant at which each is written. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/http/producer.h"
#include "libthrottle/telemetry/exposition.h"

namespace throttle::pages {

// A family with many samples. Texts are static.
struct LongFamily {
  std::string_view name;
  std::string_view type;  // "counter", "gauge" or "histogram"
  std::string_view help;
  std::size_t entries = 0;
  // Appends the samples of one entry, in the order of their labels; there may be none. What it
  // refers to outlives the page. Called once for each entry, in their order.
  std::function<void(std::string& out, std::size_t entry)> append;
};

class MetricsPage final : public http::Producer {
 public:
  // The families that are written whole. Not after the first produce().
  telemetry::Exposition& short_families();
  // No other family has its name. Not after the first produce().
  void add(LongFamily family);

  Progress produce(std::string& out, TimePoint now) override;

 private:
  // The next family on the page is the shorter or the longer one, by their names.
  void begin();
  void write_some(std::string& out);
  void write_entry(std::string& out, const LongFamily& family);

  telemetry::Exposition gathered_;
  std::vector<telemetry::Exposition::FamilyText> short_;
  std::vector<LongFamily> long_;
  bool writing_ = false;
  std::size_t next_short_ = 0;
  std::size_t next_long_ = 0;
  std::size_t next_entry_ = 0;  // of long_[next_long_]
  bool has_head_ = false;       // of long_[next_long_]: its head is written
};

}  // namespace throttle::pages
