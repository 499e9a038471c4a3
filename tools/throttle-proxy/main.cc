// throttle-proxy: a fair semaphore in front of a TCP service. The command line is config's, the
// work server's.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>

#include "libthrottle/config/proxy_command.h"
#include "libthrottle/server/application.h"
#include "libthrottle/server/version.h"

namespace {

using namespace throttle;

constexpr int kWrongArgument = 2;

int execute(const config::RunProxy& run) {
  return server::run_proxy(run.options);
}
int execute(const config::CheckProxy& check) {
  return server::check_configuration(check.options);
}

int execute(const config::ShowHelp&) {
  std::fputs(config::proxy_help().c_str(), stdout);
  return EXIT_SUCCESS;
}

int execute(const config::ShowVersion&) {
  std::printf("throttle-proxy %.*s\n", static_cast<int>(server::kVersion.size()),
              server::kVersion.data());
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const auto command = config::parse_proxy_command(
      std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)));
  if (!command) {
    std::fprintf(stderr, "throttle-proxy: %s\n", command.error().message.c_str());
    return kWrongArgument;
  }
  return std::visit([](const auto& asked) { return execute(asked); }, *command);
}
