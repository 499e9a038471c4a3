// `run` on Windows: as a console program, or under the Service Control Manager.
#include <algorithm>
#include <iterator>
#include <string>

#include "libthrottle/app/run.h"
#include "service/jobs.h"
#include "service/scm_host_win32.h"
#include "service/system_win32.h"
#include "service/verbs.h"

namespace throttle::service {

CommandContext command_context() {
  return {.platform = Platform::kWindows, .configuration = data_folder() + "\\throttle.toml"};
}

int refuse(std::span<const std::string> arguments, const std::string& why) {
  if (std::ranges::find(arguments, "--scm") == arguments.end())
    return complain(ExitCode::kWrongArguments, why);
  const auto name = std::ranges::find(arguments, "--name");
  const bool is_named = name != arguments.end() && std::next(name) != arguments.end();
  return refuse_under_scm(is_named ? *std::next(name) : std::string(kDefaultServiceName), why);
}

int execute(const RunCommand& run) {
  if (run.scm) return run_under_scm(run);
  const app::Job job = make_job(
      {.role = run.role, .configuration = run.configuration, .log_format = run.log_format});
  return app::run(parts_of(run.role), job,
                  {.exit_codes = app::Surroundings::ExitCodes::kOfAService});
}

}  // namespace throttle::service
