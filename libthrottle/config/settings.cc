#include "libthrottle/config/settings.h"

#include "libthrottle/core/text.h"

namespace throttle::config {

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return fail(ErrorCode::kInvalidArgument,
              "expected " + std::string(kLogFormats) + ", got " + quote(text));
}

}  // namespace throttle::config
