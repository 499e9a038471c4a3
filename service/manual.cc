// Writes a manual page to stdout, from the tables and texts that the tools themselves use, so that
// nothing is written twice. A tool of the build, never installed.
//
//   manual throttle-service|throttle-server|throttle-proxy|throttle-inspect
//   manual throttle.toml examples/throttle.toml
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "libthrottle/app/version.h"
#include "libthrottle/config/proxy_command.h"
#include "libthrottle/config/server_command.h"
#include "libthrottle/core/text.h"
#include "libthrottle/inspect/command_line.h"
#include "service/command.h"

namespace throttle::service {

namespace {

// Text as roff takes it: no line is a request, and a hyphen stays one.
std::string roff(std::string_view text) {
  std::string safe;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) safe += "\\&";
    line_begins = c == '\n';
    if (c == '-')
      safe += "\\-";
    else if (c == '\\')
      safe += "\\e";
    else
      safe += c;
  }
  return safe;
}

std::string head(std::string_view name, std::string_view section, std::string_view about) {
  std::string text = ".TH " + roff(name) + ' ';
  text.append(section).append(R"( "" "throttle )").append(app::kVersion).append("\"\n.SH NAME\n");
  return text + roff(name) + " \\- " + roff(about) + '\n';
}

std::string as_it_is(std::string_view heading, std::string_view text) {
  return ".SH " + std::string(heading) + "\n.nf\n" + roff(text) + ".fi\n";
}

std::string tool_page(std::string_view name, std::string_view about, std::string_view help) {
  return head(name, "1", about) + as_it_is("DESCRIPTION", help) +
         ".SH SEE ALSO\nthrottle.toml(5), throttle\\-service(8)\n";
}

std::string inspect_page() {
  std::string text = head("throttle-inspect", "1", "ask a server of semaphores and its journal");
  text += as_it_is("DESCRIPTION", inspect::help(config::HelpExtent::kAll));
  for (const inspect::Command& command : inspect::commands())
    text += as_it_is(roff(command.name), inspect::help_of(command, config::HelpExtent::kBrief));
  return text + ".SH SEE ALSO\nthrottle.toml(5), throttle\\-server(1)\n";
}

std::string option_text(const config::Option& option) {
  const std::size_t comma = option.name.find(',');
  std::string names = "--" + option.name.substr(0, comma);
  if (comma != std::string::npos) names = "-" + option.name.substr(comma + 1) + ", " + names;
  if (!option.value.empty()) names += ' ' + option.value;
  return ".TP\n.B " + roff(names) + '\n' + roff(option.help) + '\n';
}

std::string service_page() {
  std::string text =
      head("throttle-service", "8", "the lease server and the proxies under a service manager");
  text += ".SH SYNOPSIS\n.B throttle\\-service\n.I VERB\n[\n.I OPTION\n]...\n.SH VERBS\n";
  for (const VerbDescription& verb : verbs({})) {
    text += ".SS " + std::string(verb.name) + '\n' + roff(verb.help) + ".\n";
    for (const config::OptionGroup& group : verb.options)
      for (const config::Option& option : group.options)
        text += option_text(option);
  }
  text += ".SH EXIT STATUS\n0 done, or stopped as asked; 1 failed, or cut short by a second stop; ";
  text +=
      "2 wrong arguments; 78 the configuration is wrong.\n.SH SIGNALS\nSIGTERM and SIGINT stop, ";
  text += "SIGHUP reads the configuration again, SIGUSR1 pauses, SIGUSR2 resumes.\n";
  return text + ".SH SEE ALSO\nthrottle.toml(5), throttle\\-server(1), throttle\\-proxy(1)\n";
}

std::string file_page(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string sample(std::istreambuf_iterator<char>(file), {});
  return head("throttle.toml", "5", "the configuration of throttle") +
         as_it_is("A FILE WITH EVERY SETTING", sample);
}

int print(std::span<char*> arguments) {
  const std::string_view name = arguments.size() > 1 ? arguments[1] : "";
  std::string page;
  if (name == "throttle-service")
    page = service_page();
  else if (name == "throttle-server")
    page = tool_page(name, "semaphores as a service over HTTP",
                     config::server_help(config::HelpExtent::kAll));
  else if (name == "throttle-proxy")
    page = tool_page(name, "a semaphore in front of a TCP service",
                     config::proxy_help(config::HelpExtent::kAll));
  else if (name == "throttle-inspect")
    page = inspect_page();
  else if (name == "throttle.toml" && arguments.size() > 2)
    page = file_page(arguments[2]);
  std::fputs(page.c_str(), stdout);
  return page.empty() ? 2 : 0;
}

}  // namespace
}  // namespace throttle::service

int main(int argc, char** argv) {
  return throttle::service::print({argv, static_cast<std::size_t>(argc)});
}
