// Bytes that are not UTF-8 in everything that a client or a system can name: each page shows them
// as U+FFFD, and none throws.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/pages/connections.h"
#include "libthrottle/pages/ledger_metrics.h"
#include "libthrottle/pages/welcome.h"
#include "libthrottle/telemetry/gelf_message.h"
#include "libthrottle/telemetry/log_text.h"
#include "tests/pages/whole_page.h"

namespace throttle::pages {
namespace {

using testing::HasSubstr;

const std::string kBroken = "a\xff\xc3(\xed\xa0\x80z";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

TEST(BrokenBytes, OnTheConnectionsPageAreReplaced) {
  const auto producer = connections_page(
      {{.head = {.name = kBroken, .listen = kBroken, .upstream = kBroken, .semaphore = kBroken},
        .visit = [](auto&, std::size_t, const auto&) { return false; }}});
  const std::string page = whole(*producer);
  EXPECT_THAT(page, HasSubstr(kReplacement));
  EXPECT_EQ(page.find('\xff'), std::string::npos);
}

TEST(BrokenBytes, OnTheMetricsPageAreReplaced) {
  LeaseLedger ledger;
  ledger.configure({}, std::vector<SemaphoreSettings>{{.name = kBroken, .full_count = 1}});
  const LedgerMetrics metrics;
  MetricsPage page;
  metrics.write(ledger, page);
  const std::string text = whole(page);
  EXPECT_THAT(text, HasSubstr(kReplacement));
  EXPECT_EQ(text.find('\xff'), std::string::npos);
}

TEST(BrokenBytes, InTheLogAreReplacedOrEscaped) {
  const telemetry::Field fields[] = {{"label", kBroken}};
  const telemetry::Record record{.message = kBroken, .fields = fields};
  for (const std::string& text : {telemetry::to_text(record), telemetry::to_gelf(record, "h", 99),
                                  telemetry::to_json_members(record, 99)}) {
    EXPECT_EQ(text.find('\xff'), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace throttle::pages
