// main() of every tool: parse, then show, check or run.
#include "libthrottle/app/tool.h"

#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "libthrottle/app/version.h"

namespace throttle::app {

namespace {

constexpr int kWrongArgument = 2;

// At the start a missing file means the defaults. Later it is an error: taken for an empty file it
// would retire every semaphore.
Result<config::LoadedSettings> load_existing(const config::ServerOptions& options) {
  auto loaded = config::load_settings(options);
  if (loaded && loaded->file == config::FileState::kMissing)
    return fail(ErrorCode::kNotFound, options.configuration + " does not exist");
  return loaded;
}

}  // namespace

Job job_of(const config::ServerOptions& options) {
  return {.configuration = options.configuration,
          .load = [options] { return config::load_settings(options); },
          .load_again = [options] { return load_existing(options); }};
}

Job job_of(const config::ProxyOptions& options) {
  const auto load = [options] { return config::load_settings(options); };
  return {.configuration = options.configuration.value_or(""),
          .load = load,
          .load_again = options.configuration ? load : Application::Load()};
}

namespace {

// The commands of the two command lines as one type.
ToolCommand tool_command(const config::Run& run) {
  return RunJob{job_of(run.options)};
}
ToolCommand tool_command(const config::Check& check) {
  return CheckJob{job_of(check.options)};
}
ToolCommand tool_command(const config::RunProxy& run) {
  return RunJob{job_of(run.options)};
}
ToolCommand tool_command(const config::CheckProxy& check) {
  return CheckJob{job_of(check.options)};
}
ToolCommand tool_command(config::ShowHelp help) {
  return help;
}
ToolCommand tool_command(config::ShowVersion version) {
  return version;
}

template <auto kParse>
Result<ToolCommand> parse(std::span<const char* const> arguments) {
  return kParse(arguments).map([](const auto& command) {
    return std::visit([](const auto& one) { return tool_command(one); }, command);
  });
}

int execute(const Tool& tool, const RunJob& asked) {
  return run(tool.role, asked.job);
}

int execute(const Tool& /*tool*/, const CheckJob& asked) {
  return check(asked.job, EXIT_FAILURE);
}

int execute(const Tool& tool, config::ShowHelp help) {
  std::fputs(tool.help(help.extent).c_str(), stdout);
  return EXIT_SUCCESS;
}

int execute(const Tool& tool, config::ShowVersion /*version*/) {
  std::printf("%s %s\n", std::string(tool.name).c_str(), std::string(kVersion).c_str());
  return EXIT_SUCCESS;
}

}  // namespace

const Tool kLeaseServerTool{.name = "throttle-server",
                            .help = &config::server_help,
                            .parse = &parse<&config::parse_server_command>,
                            .role = kLeaseServer};

const Tool kProxyTool{.name = "throttle-proxy",
                      .help = &config::proxy_help,
                      .parse = &parse<&config::parse_proxy_command>,
                      .role = kProxy};

int run_tool(const Tool& tool, std::span<const std::string> arguments) {
  std::vector<const char*> texts;
  texts.reserve(arguments.size());
  for (const std::string& argument : arguments)
    texts.push_back(argument.c_str());
  const auto command = tool.parse(texts);
  if (!command) {
    std::fprintf(stderr, "%s: %s\n", std::string(tool.name).c_str(),
                 command.error().message.c_str());
    return kWrongArgument;
  }
  try {
    return std::visit([&tool](const auto& asked) { return execute(tool, asked); }, *command);
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "%s: the system refused what it needs, a thread most likely: %s\n",
                 std::string(tool.name).c_str(), error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace throttle::app
