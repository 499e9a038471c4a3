// What a person sees who opens the server in a browser or asks it with curl: a greeting, the
// semaphores, and where to go on. Also the page of unknown paths and the icon.
// Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libthrottle/core/ledger_types.h"

namespace throttle::pages {

// For terminals: a few lines of plain text, then `routes`, a line each.
std::string welcome_text(std::string_view version, std::string_view routes);
// For browsers: one small page without scripts or references to elsewhere; with `routes`, too.
std::string welcome_page(std::string_view version, std::span<const SemaphoreState> semaphores,
                         std::string_view routes);
// For paths that are none.
std::string not_found_page();
// A 16 x 16 icon in the ICO format: a ring with a gap, half full.
std::string favicon();

}  // namespace throttle::pages
