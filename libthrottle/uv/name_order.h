// Where host names are looked up: which of the hosts file and the name servers is asked first.
// Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace throttle::uv {

// The order in c-ares' letters, f for the hosts file and b for the name servers, that the text of
// /etc/nsswitch.conf asks for: "fb", "bf", "f" or "b". Never empty: without a line `hosts:`, or if
// it names neither, it is "fb". The source "resolve" counts as both, because systemd's resolver
// reads the hosts file before it asks the name servers; all other sources are left out.
std::string name_order(std::string_view nsswitch);

// That of this machine; "fb" where there is no such file.
std::string name_order_of_system();

}  // namespace throttle::uv
