// Where the server and the journals are: an option, the environment, the configuration file, or the
// default, in this order. Threads: the main one.
#pragma once

#include <string>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/result.h"
#include "libthrottle/core/time.h"
#include "libthrottle/inspect/command.h"

namespace throttle::inspect {

struct ServerPlace {
  HostPort address;
  Duration timeout;  // of one request
  std::string url() const { return "http://" + address.to_string(); }
};

// --server, else THROTTLE_SERVER, else [http] or [proxy_status] of the configuration file, else
// http://127.0.0.1:8000. Error kInvalidArgument.
Result<ServerPlace> server_place(const Context& context);

// The files of --journal, else of THROTTLE_JOURNAL, else `path` in [journal] of the configuration
// file. Error kInvalidArgument if there is none.
Result<std::vector<std::string>> journal_places(const Context& context);

// "http://127.0.0.1:8000", "127.0.0.1:8000" or "localhost" (port 8000). Error kInvalidArgument.
Result<HostPort> parse_server(std::string_view text);

}  // namespace throttle::inspect
