// A uv_process_t in its box, the leader of a session of its own.
#include <array>
#include <csignal>

#include "libthrottle/core/check.h"
#include "libthrottle/uv/child.h"
#include "libthrottle/uv/handle.h"
#include "libthrottle/uv/loop.h"
#include "libthrottle/uv/process_ender.h"
#include "libthrottle/uv/process_tree.h"

namespace throttle::uv {
namespace {

// The array of C strings that libuv wants, with a null at its end; as long as `strings` live.
std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& each : strings)
    pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

struct Child::Box {
  uv_process_t uv{};
  Loop& loop;
  OnExit on_exit;
  bool abandoned = false;
  ProcessTree tree{};

  bool running() { return uv_is_active(as_handle(&uv)) != 0; }
  void kill() {
    tree.kill();
    loop.process_ender().end(tree.mark());
  }
  static void ended(uv_process_t* uv, std::int64_t status, int signal) noexcept {
    auto& box = box_of<Box>(uv);
    if (!box.abandoned) return box.on_exit(ProcessExit{status, signal});
    box.loop.remove_dying_child();
    CloseBox<Box>()(&box);
  }
};

void Child::Release::operator()(Box* box) const noexcept {
  if (!box->running()) return CloseBox<Box>()(box);
  box->abandoned = true;
  box->loop.add_dying_child();
  box->kill();
}

Child::~Child() = default;

int Child::start(const Start& start, OnExit on_exit) {
  THROTTLE_CHECK(!box_);
  constexpr auto kPipe = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  std::array<uv_stdio_container_t, 3> stdio{};
  stdio[0].flags = UV_IGNORE;
  stdio[1] = {.flags = kPipe,
              .data = {.stream = reinterpret_cast<uv_stream_t*>(&start.standard_output)}};
  stdio[2] = {.flags = kPipe,
              .data = {.stream = reinterpret_cast<uv_stream_t*>(&start.standard_error)}};

  ShellCall call = shell_call(start.line);
  Variables changes = start.environment;
  if (!call.mark.empty()) changes.emplace_back(kMarkName, call.mark);
  std::vector<std::string> environment = environment_with(changes);
  std::vector<char*> arguments = pointers_to(call.arguments);
  std::vector<char*> variables = pointers_to(environment);
  uv_process_options_t options{};
  options.exit_cb = Box::ended;
  options.file = arguments.front();
  options.args = arguments.data();
  options.env = variables.data();
  options.flags = call.flags;
  options.stdio_count = static_cast<int>(stdio.size());
  options.stdio = stdio.data();

  box_.reset(new Box{.loop = loop_, .on_exit = on_exit});
  box_->uv.data = box_.get();
  const int status = uv_spawn(loop_.raw(), &box_->uv, &options);
  if (box_->running()) box_->tree = ProcessTree(box_->uv.pid, std::move(call.mark));
  return status;
}

bool Child::running() const {
  return box_ && box_->running();
}

int Child::pid() const {
  THROTTLE_CHECK(box_);
  return box_->uv.pid;
}

void Child::kill() {
  THROTTLE_CHECK(running());
  box_->kill();
}

bool is_same_variable(std::string_view one, std::string_view other) noexcept {
  return one == other;
}

std::string output_text(std::string_view line) {
  return std::string(line);
}

}  // namespace throttle::uv
