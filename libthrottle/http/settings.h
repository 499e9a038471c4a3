// The HTTP door of a process: where it listens and what it asks of clients.
//
// The keys of the table [http] set it (config/settings_file.cc has the rows). Threads: values only.
#pragma once

#include <string>
#include <vector>

#include "libthrottle/core/address.h"
#include "libthrottle/core/ip_network.h"
#include "libthrottle/http/limits.h"

namespace throttle::http {

struct Settings {
  HostPort listen{"127.0.0.1", 8000};
  // Names of this server beside those of loopback addresses (http/stranger.h).
  std::vector<std::string> hosts = {};
  // Load balancers whose headers name the client (http/forwarded.h).
  std::vector<IpNetwork> trusted_proxies = {};
  // Load balancers whose connections begin with a PROXY header (core/proxy_header.h).
  std::vector<IpNetwork> accept_proxy = {};
  Limits limits = {};

  bool operator==(const Settings&) const = default;
};

}  // namespace throttle::http
