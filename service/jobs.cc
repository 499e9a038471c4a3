// The two roles as jobs of the room app.
#include "service/jobs.h"

#include <utility>

#include "libthrottle/app/tool.h"

namespace throttle::service {

app::Job make_job(const JobRequest& request) {
  app::Job job;
  if (request.role == Role::kServer) {
    job = app::job_of(config::ServerOptions{.configuration = request.configuration,
                                            .log_format = request.log_format});
  } else {
    config::ProxyOptions options;
    options.configuration = request.configuration;
    options.log_format = request.log_format;
    job = app::job_of(options);
  }
  job.load = job.load_again;
  return job;
}

const app::Role& parts_of(Role role) {
  return role == Role::kServer ? app::kLeaseServer : app::kProxy;
}

}  // namespace throttle::service
