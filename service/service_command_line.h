// The command line of an installed Windows service (ImagePath), and back.
//
// The program is always quoted: an unquoted path with a blank lets Windows start another program
// (CWE-428). The rules are those of CommandLineToArgvW.
// Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libthrottle/core/result.h"
#include "service/role.h"

namespace throttle::service {

// What an installed service runs.
struct ServiceLaunch {
  std::string executable;  // without quotes in it, as Windows' file names are
  std::string name;
  std::string configuration;
  Role role = Role::kServer;

  bool operator==(const ServiceLaunch&) const = default;
};

// The whole line: `"EXE" run --scm --name NAME --configuration "FILE"`, with `--role proxy` for
// one.
std::string image_path(const ServiceLaunch& launch);

// Reads what image_path() wrote, or somebody changed by hand; --option=VALUE is understood too.
// Error kInvalidArgument: it is no line of ours.
Result<ServiceLaunch> parse_image_path(std::string_view line);

// Whether a service with this command line runs the program `executable`, from whatever folder:
// the program's file has the same name, and `run` and `--scm` follow. An unquoted program with
// blanks in its path is recognised too.
bool is_service_of(std::string_view line, std::string_view executable);

// One argument so that split_command_line() gives it back whole.
std::string quote_argument(std::string_view argument);

// The program and its arguments as CommandLineToArgvW splits them.
std::vector<std::string> split_command_line(std::string_view line);

}  // namespace throttle::service
