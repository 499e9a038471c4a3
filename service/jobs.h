// What a service runs: the work of throttle-server or throttle-proxy with a configuration file.
// Threads: pure functions, except for reading the file.
#pragma once

#include <optional>
#include <string>

#include "libthrottle/app/run.h"
#include "libthrottle/config/settings.h"
#include "service/role.h"

namespace throttle::service {

struct JobRequest {
  Role role = Role::kServer;
  std::string configuration;
  std::optional<config::LineFormat> log_format = {};
};

// A missing file is a mistake: a service without semaphores serves nobody.
app::Job make_job(const JobRequest& request);

const app::Role& parts_of(Role role);

}  // namespace throttle::service
