// An event of the stream as people read it, in one line. Threads: pure functions.
#pragma once

#include <string>

#include "libthrottle/inspect/event_reader.h"
#include "libthrottle/inspect/moment.h"

namespace throttle::inspect {

// "14:02:11  granted  1 of database to peer 17 (10.0.0.9:40022) "nightly" after 12s …", without an
// end of line. Control characters are as they came.
std::string people_line(const StreamEvent& event, Zone zone);

// One object of JSON in one line: {"id": …, "event": …, and the members of its data}; the id is
// that of the event itself.
std::string machine_line(const StreamEvent& event);

}  // namespace throttle::inspect
