// A child can leave its parent and its session, but takes its environment along, which the system
// shows in /proc. (Jenkins finds the children of a build in this way.)
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>

#include <uv.h>

#include "libthrottle/uv/process_tree.h"

namespace throttle::uv {
namespace {

// A process that was not killed yet may start another one that a round misses. More rounds than
// that need only those that start processes faster than we look.
constexpr int kMostRounds = 16;

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { closedir(folder); }
};

std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, CloseFolder> folder(opendir("/proc"));
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec == std::errc()) found.push_back(pid);
  }
  return found;
}

// Empty if it has none, or belongs to another user.
std::string mark_of(pid_t pid) {
  static const std::string kPrefix = std::string(kMarkName) + "=";
  std::ifstream environment("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
  for (std::string variable; std::getline(environment, variable, '\0');)
    if (variable.starts_with(kPrefix)) return variable.substr(kPrefix.size());
  return {};
}

}  // namespace

std::string new_mark() {
  std::array<std::uint64_t, 2> random{};
  if (uv_random(nullptr, nullptr, random.data(), sizeof random, 0, nullptr) != 0) return {};
  return std::to_string(random[0]) + "-" + std::to_string(random[1]);
}

// Over when a round meets nobody new.
void kill_marked(std::span<const std::string> marks) noexcept {
  const std::set<std::string> wanted(marks.begin(), marks.end());
  std::set<pid_t> killed;
  for (int round = 0; round < kMostRounds; ++round) {
    const std::size_t before = killed.size();
    for (const pid_t pid : all_processes()) {
      if (killed.contains(pid) || !wanted.contains(mark_of(pid))) continue;
      kill(pid, SIGKILL);
      killed.insert(pid);
    }
    if (killed.size() == before) return;
  }
}

}  // namespace throttle::uv
