// The command-line tools: from their arguments to their exit codes, by one function for all.
//
// Exit codes: 0 stopped as asked, or the configuration is valid; 1 the configuration is wrong, the
// start failed, or a second signal cut work off; 2 wrong arguments; 78 the configuration is wrong
// and systemd runs the tool. Threads: the main thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "libthrottle/app/run.h"
#include "libthrottle/config/command_line.h"
#include "libthrottle/config/proxy_command.h"
#include "libthrottle/config/server_command.h"
#include "libthrottle/core/result.h"

namespace throttle::app {

// A missing file is the defaults at the start of the server, and an error at a reload, in a check
// and for a proxy.
Job job_of(const config::ServerOptions& options);
Job job_of(const config::ProxyOptions& options);

struct RunJob {
  Job job;
};
struct CheckJob {
  Job job;
};
using ToolCommand = std::variant<RunJob, CheckJob, config::ShowHelp, config::ShowVersion>;

struct Tool {
  std::string_view name;
  std::string (*help)(config::HelpExtent extent);
  // The arguments without the name of the program. Error kInvalidArgument names the argument.
  Result<ToolCommand> (*parse)(std::span<const char* const> arguments);
  Role role;
};

extern const Tool kLeaseServerTool;  // throttle-server
extern const Tool kProxyTool;        // throttle-proxy

// Does what the arguments (arguments.h) say, and returns the exit code. Messages about what cannot
// work go to stderr.
int run_tool(const Tool& tool, std::span<const std::string> arguments);

}  // namespace throttle::app
