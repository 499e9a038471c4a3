// throttle-service: the lease server and the proxies under a service manager.
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "libthrottle/app/arguments.h"
#include "libthrottle/app/version.h"
#include "service/jobs.h"
#include "service/verbs.h"

namespace throttle::service {

int complain(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "throttle-service: %s\n", message.c_str());
  return static_cast<int>(code);
}

int execute(const CheckCommand& check) {
  return app::check(make_job({.role = check.role, .configuration = check.configuration}),
                    static_cast<int>(ExitCode::kWrongConfiguration));
}

namespace {

int execute(const HelpCommand& help) {
  std::fputs(help.text.c_str(), stdout);
  return static_cast<int>(ExitCode::kDone);
}

int execute(config::ShowVersion /*version*/) {
  std::printf("throttle-service %s\n", std::string(app::kVersion).c_str());
  return static_cast<int>(ExitCode::kDone);
}

int run_main(const std::vector<std::string>& arguments) {
  std::vector<const char*> texts;
  texts.reserve(arguments.size());
  for (const std::string& argument : arguments)
    texts.push_back(argument.c_str());
  const auto command = parse_service_command(texts, command_context());
  if (!command) return refuse(arguments, command.error().message);
  return std::visit([](const auto& asked) { return execute(asked); }, *command);
}

}  // namespace
}  // namespace throttle::service

int main(int argc, char** argv) {
  return throttle::service::run_main(throttle::app::process_arguments(argc, argv));
}
