// The script with which each shell completes the command line of a tool.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "service/completions/tables.h"

namespace throttle::service::completions {

std::string bash_script(const Tool& tool);
std::string zsh_script(const Tool& tool);
std::string fish_script(const Tool& tool);
// One for all tools.
std::string powershell_script(const std::vector<Tool>& tools);

}  // namespace throttle::service::completions
