// The tables [proxy.NAME] of the configuration file.
// Threads: one.
#pragma once

#include "libthrottle/config/settings.h"
#include "libthrottle/config/table_reader.h"

namespace throttle::config {

// Reads them from the file's top, behind the semaphores: a proxy either shares one of these or has
// one of its own, which bears its name. No two proxies listen in one place.
void read_proxies(TableReader& top, ServerSettings& settings);

// Complains of the key listen of the table, which says `where`, if a proxy listens there.
void check_listen(TableReader& table, const HostPort& where, const ServerSettings& settings);

}  // namespace throttle::config
