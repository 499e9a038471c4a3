// The log to the system's syslog daemon (RFC 3164, facility daemon): the default of --daemonize.
//
// What holds. The caller never waits for the daemon (line_thread.h). A daemon that is restarted is
// found again with the next line; lines until then are counted as lost. Unix only.
// Threads: the loop's.
#pragma once

#include <chrono>
#include <string>

#include "libthrottle/telemetry/line_thread.h"
#include "libthrottle/telemetry/sink.h"

namespace throttle::telemetry {

class SyslogSink final : public Sink {
 public:
  struct Options {
    std::string tag = "throttle";
    std::string socket = "/dev/log";  // the daemon's
    std::chrono::milliseconds farewell{500};
  };

  explicit SyslogSink(const Options& options);

  void accept(const Record& record) noexcept override;
  std::string_view name() const override { return "syslog"; }
  std::uint64_t lost() const noexcept override { return thread_.lost(); }

 private:
  std::string tag_;  // with the process id
  LineThread thread_;
};

}  // namespace throttle::telemetry
