// `run` on Windows: as a console program, or under the Service Control Manager.
#include <algorithm>
#include <string>
#include <string_view>

#include "libthrottle/app/run.h"
#include "service/jobs.h"
#include "service/scm_host_win32.h"
#include "service/system_win32.h"
#include "service/verbs.h"

namespace throttle::service {

namespace {

// What --name says in arguments that are wrong.
std::string name_in(std::span<const std::string> arguments) {
  constexpr std::string_view kName = "--name";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == kName && i + 1 < arguments.size()) return arguments[i + 1];
    if (word.starts_with("--name=")) return word.substr(kName.size() + 1);
  }
  return std::string(kDefaultServiceName);
}

}  // namespace

CommandContext command_context() {
  return {.platform = Platform::kWindows, .configuration = data_folder() + "\\throttle.toml"};
}

int refuse(std::span<const std::string> arguments, const std::string& why) {
  if (std::ranges::find(arguments, "--scm") == arguments.end())
    return complain(ExitCode::kWrongArguments, why);
  return refuse_under_scm(name_in(arguments), why);
}

int execute(const RunCommand& run) {
  if (run.scm) return run_under_scm(run);
  const app::Job job = make_job(
      {.role = run.role, .configuration = run.configuration, .log_format = run.log_format});
  return app::run(parts_of(run.role), job,
                  {.exit_codes = app::Surroundings::ExitCodes::kOfAService});
}

}  // namespace throttle::service
