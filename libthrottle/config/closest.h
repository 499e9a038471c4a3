// The word that was probably meant.
// Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace throttle::config {

// The nearest of `candidates` that few letters (a third of the word's, at least one) make of
// `word`, the earlier of two equal ones. Otherwise one that begins alike for at least half of the
// longer word ("proxies", proxy), or ends in it after an underscore ("status", proxy_status). Empty
// if there is none, or the word is of no sane length.
std::string_view closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace throttle::config
